// How far the plain characters of a JSON text go: those that stand in it as they are. For its reader and its writer.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cosell::json {

// ASCII but controls, the quote and the backslash.
inline bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// The high bit of each of eight characters that is not plain. Where bytes borrow from each other, ones behind the first
// such character may be wrong, never one before it.
inline std::uint64_t odd_ones(std::uint64_t eight) {
  constexpr std::uint64_t kEach = 0x0101'0101'0101'0101U;
  const std::uint64_t quote = eight ^ kEach * '"';
  const std::uint64_t backslash = eight ^ kEach * '\\';
  return (eight | (eight - kEach * 0x20) | ((quote - kEach) & ~quote) | ((backslash - kEach) & ~backslash)) &
         kEach * 0x80;
}

template <class Word>
std::uint64_t word_at(const char* at) {
  Word word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// The first character that is not plain, or `end`.
inline const char* plain_end(const char* at, const char* end) {
  if constexpr (std::endian::native == std::endian::little) {
    for (; end - at >= 8; at += 8) {
      const std::uint64_t odd = odd_ones(word_at<std::uint64_t>(at));
      if (odd != 0) return at + std::countr_zero(odd) / 8;
    }
  }
  while (at != end && is_plain(*at)) ++at;
  return at;
}

// The last words overlap the ones before them, so that none is read byte by byte.
inline bool all_plain(std::string_view s) {
  const char* at = s.data();
  const char* const end = at + s.size();
  if (s.size() >= 8) {
    for (; end - at > 8; at += 8) {
      if (odd_ones(word_at<std::uint64_t>(at)) != 0) return false;
    }
    return odd_ones(word_at<std::uint64_t>(end - 8)) == 0;
  }
  if (s.size() >= 4) return odd_ones(word_at<std::uint32_t>(at) << 32 | word_at<std::uint32_t>(end - 4)) == 0;
  return std::all_of(at, end, is_plain);
}

}  // namespace cosell::json
