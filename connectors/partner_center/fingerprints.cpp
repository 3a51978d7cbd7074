// Numbers to text and back. The order of the set never shows: equal sets are equal texts.
#include "connectors/partner_center/fingerprints.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace cosell::partner_center {
namespace {

constexpr std::size_t kBytes = 8;
constexpr std::size_t kBytesOfAPiece = 300 * kBytes;  // a multiple of three: only the last one is padded
constexpr std::size_t kHexDigits = 2 * kBytes;

}  // namespace

std::uint64_t fingerprint(const RowHead& row) {
  const std::string version = row.etag.empty() ? std::to_string(row.updated.value_or(Instant{}).ms) : row.etag;
  return std::stoull(text::sha256_hex(row.id + "\n" + version).substr(0, kHexDigits), nullptr, 16);
}

void Fingerprints::remember(std::uint64_t print) {
  if (prints_.size() < kMost) prints_.insert(print);
}

// Piece by piece, since there may be many.
std::string Fingerprints::packed() const {
  std::vector<std::uint64_t> sorted(prints_.begin(), prints_.end());
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  text.reserve((sorted.size() * kBytes + 2) / 3 * 4);
  std::string bytes;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes += static_cast<char>(sorted[i] >> shift & 0xff);
    if (bytes.size() < kBytesOfAPiece && i + 1 < sorted.size()) continue;
    text += text::base64_encode(bytes);
    bytes.clear();
  }
  return text;
}

Fingerprints Fingerprints::unpacked(std::string_view text) {
  const std::string bytes = text::base64_decode(text);
  Fingerprints all;
  all.prints_.reserve(std::min(kMost, bytes.size() / kBytes));
  for (std::size_t i = 0; i + kBytes <= bytes.size(); i += kBytes) {
    std::uint64_t print = 0;
    for (std::size_t at = i; at < i + kBytes; ++at) print = print << 8 | static_cast<unsigned char>(bytes[at]);
    all.remember(print);
  }
  return all;
}

}  // namespace cosell::partner_center
