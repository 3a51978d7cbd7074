// Uniform numbers and UUIDs on top of any random source, and the operating system's source. Which
// source is used where is decided by whoever builds the program, never here.
#include "base/random.h"

#include <openssl/rand.h>

#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>

namespace cosell {

std::uint64_t Random::below(std::uint64_t bound) {
  assert(bound > 0);
  // Numbers from the incomplete last stretch are drawn again; otherwise small results would be likelier.
  const std::uint64_t incomplete = (UINT64_MAX % bound + 1) % bound;
  const std::uint64_t last_fair = UINT64_MAX - incomplete;
  std::uint64_t n = next();
  while (n > last_fair) n = next();
  return n % bound;
}

std::string Random::uuid() {
  const std::uint64_t high = (next() & 0xffff'ffff'ffff'0fffULL) | 0x4000ULL;
  const std::uint64_t low = (next() & 0x3fff'ffff'ffff'ffffULL) | 0x8000'0000'0000'0000ULL;
  std::array<char, 37> out{};
  std::snprintf(out.data(), out.size(), "%08x-%04x-%04x-%04x-%012llx", static_cast<unsigned>(high >> 32),
                static_cast<unsigned>(high >> 16 & 0xffff), static_cast<unsigned>(high & 0xffff),
                static_cast<unsigned>(low >> 48), static_cast<unsigned long long>(low & 0xffff'ffff'ffffULL));
  return out.data();
}

std::uint64_t SystemRandom::next() {
  std::array<unsigned char, 8> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    // Without entropy every id could collide; there is nothing sensible to go on with.
    std::fputs("the operating system gives no random numbers\n", stderr);
    std::abort();
  }
  std::uint64_t n = 0;
  for (const unsigned char b : bytes) n = n << 8 | b;
  return n;
}

}  // namespace cosell
