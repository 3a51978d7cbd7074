// One libFuzzer program for all readers: the first byte of the input chooses the reader.
//   fuzz_wire corpus/                            all of them
//   FUZZ_TARGET=salesforce_page fuzz_wire dir/   one; no byte chooses then
//   FUZZ_SEEDS=corpus fuzz_wire -runs=0          writes what each reader expects as a file to begin with
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "tests/fuzz/targets.h"

namespace {

using namespace cosell::fuzz;

const Target* chosen() {
  const char* const name = std::getenv("FUZZ_TARGET");
  if (name == nullptr) return nullptr;
  if (const Target* target = find_target(name)) return target;
  std::fprintf(stderr, "There is no reader %s. Known are:", name);
  for (const Target& t : targets()) std::fprintf(stderr, " %s", t.name.c_str());
  std::fprintf(stderr, "\n");
  std::exit(2);
}

void write_seeds(const std::string& folder) {
  for (std::size_t i = 0; i < targets().size(); ++i) {
    const Target& target = targets()[i];
    std::ofstream(folder + "/seed-" + target.name, std::ios::binary) << static_cast<char>(i) << target.example;
  }
}

void read(const Target& target, std::string_view input) {
  const std::string wrong = complaint(target, input);
  if (wrong.empty()) return;
  std::fprintf(stderr, "%s: %s\n", target.name.c_str(), wrong.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  if (const char* const folder = std::getenv("FUZZ_SEEDS")) write_seeds(folder);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Target* const only = chosen();
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (only != nullptr) {
    read(*only, input);
  } else if (!input.empty()) {
    read(targets()[data[0] % targets().size()], input.substr(1));
  }
  return 0;
}
