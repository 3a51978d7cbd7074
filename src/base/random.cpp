// Uniform numbers and UUIDs on top of any random source, and the operating system's source. Which
// source is used where is decided by whoever builds the program, never here.
#include "base/random.h"

#include <openssl/rand.h>
#include <pthread.h>

#include <array>
#include <cassert>
#include <cstdio>
#include <cstdlib>
#include <string_view>

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

namespace {

std::string uuid_of(int version, std::uint64_t high, std::uint64_t low) {
  constexpr std::string_view kHex = "0123456789abcdef";
  high = (high & 0xffff'ffff'ffff'0fffULL) | static_cast<std::uint64_t>(version) << 12;
  low = (low & 0x3fff'ffff'ffff'ffffULL) | 0x8000'0000'0000'0000ULL;
  std::string out(36, '-');
  std::size_t at = 0;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) ++at;
    const std::uint64_t half = digit < 16 ? high : low;
    out[at++] = kHex[half >> (60 - 4 * (digit % 16)) & 15];
  }
  return out;
}

}  // namespace

std::string Random::uuid() {
  const std::uint64_t high = next();
  return uuid_of(4, high, next());
}

std::string Random::uuid_in_order(Instant at) {
  const std::uint64_t high = static_cast<std::uint64_t>(at.ms) << 16 | (next() & 0xffffU);
  return uuid_of(7, high, next());
}

namespace {

// One request of OpenSSL for many numbers: it takes as long for them as for one. Each thread has its own; a process
// that is forked off begins with none, or it would draw the same.
struct Drawn {
  std::array<std::uint64_t, 32> numbers;
  std::size_t left = 0;
};
thread_local Drawn drawn;

void forget_drawn() { drawn.left = 0; }

void draw() {
  [[maybe_unused]] static const int told = ::pthread_atfork(nullptr, nullptr, forget_drawn);
  auto* bytes = reinterpret_cast<unsigned char*>(drawn.numbers.data());
  if (RAND_bytes(bytes, static_cast<int>(sizeof(drawn.numbers))) != 1) {
    // Without entropy every id could collide; there is nothing sensible to go on with.
    std::fputs("the operating system gives no random numbers\n", stderr);
    std::abort();
  }
  drawn.left = drawn.numbers.size();
}

}  // namespace

std::uint64_t SystemRandom::next() {
  if (drawn.left == 0) draw();
  return drawn.numbers[--drawn.left];
}

}  // namespace cosell
