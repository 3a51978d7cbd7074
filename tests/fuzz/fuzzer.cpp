// One libFuzzer program for all readers: FUZZ_TARGET=salesforce_page build/fuzz/tests/fuzz_wire corpus/
// Without FUZZ_TARGET the first byte of the input chooses the reader.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cosell::fuzz;
  static const char* const name = std::getenv("FUZZ_TARGET");
  static const Target* const chosen = name == nullptr ? nullptr : find_target(name);
  if (name != nullptr && chosen == nullptr) {
    std::fprintf(stderr, "There is no reader %s. Known are:", name);
    for (const Target& t : targets()) std::fprintf(stderr, " %s", t.name.c_str());
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (chosen != nullptr) {
    chosen->read(input);
  } else if (!input.empty()) {
    targets()[data[0] % targets().size()].read(input.substr(1));
  }
  return 0;
}
