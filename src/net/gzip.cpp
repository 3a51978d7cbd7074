// zlib behind two small shapes.
#include "net/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

namespace cosell::net {
namespace {

constexpr int kGzip = MAX_WBITS + 16;  // zlib's way to say: with the header and trailer of gzip
constexpr int kUsualMemory = 8;
constexpr std::size_t kStep = 64U << 10;

Bytef* bytes(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

}  // namespace

struct Gunzip::Stream {
  explicit Stream(std::size_t most) : bytes_max(most) {
    if (inflateInit2(&z, kGzip) != Z_OK) throw std::bad_alloc();
  }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  z_stream z = {};
  std::size_t bytes_max;
  std::size_t unpacked = 0;
  bool inside = false;  // a stream began that has not ended
};

Gunzip::Gunzip(std::size_t bytes_max) : stream_(std::make_unique<Stream>(bytes_max)) {}
Gunzip::~Gunzip() = default;
Gunzip::Gunzip(Gunzip&&) noexcept = default;
Gunzip& Gunzip::operator=(Gunzip&&) noexcept = default;

Gunzip::Taken Gunzip::take(std::string_view packed, std::string& out) {
  Stream& s = *stream_;
  std::array<char, kStep> room;
  while (!packed.empty()) {
    const auto given = static_cast<uInt>(std::min<std::size_t>(packed.size(), std::numeric_limits<uInt>::max()));
    s.z.next_in = bytes(packed);
    s.z.avail_in = given;
    s.inside = true;
    do {
      s.z.next_out = reinterpret_cast<Bytef*>(room.data());
      s.z.avail_out = static_cast<uInt>(room.size());
      const int result = inflate(&s.z, Z_NO_FLUSH);
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) return Taken::broken;
      const std::size_t made = room.size() - s.z.avail_out;
      s.unpacked += made;
      if (s.unpacked > s.bytes_max) return Taken::too_large;
      out.append(room.data(), made);
      if (result == Z_STREAM_END) {
        // Several streams one after the other are one body.
        s.inside = false;
        if (inflateReset(&s.z) != Z_OK) return Taken::broken;
        break;
      }
    } while (s.z.avail_out == 0);
    packed.remove_prefix(given - s.z.avail_in);
  }
  return Taken::yes;
}

bool Gunzip::whole() const { return !stream_->inside; }

std::string gzipped(std::string_view plain) {
  z_stream z = {};
  if (deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, kGzip, kUsualMemory, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string packed(deflateBound(&z, static_cast<uLong>(plain.size())), '\0');
  z.next_in = bytes(plain);
  z.avail_in = static_cast<uInt>(plain.size());
  z.next_out = bytes(packed);
  z.avail_out = static_cast<uInt>(packed.size());
  deflate(&z, Z_FINISH);
  packed.resize(packed.size() - z.avail_out);
  deflateEnd(&z);
  return packed;
}

std::optional<std::string> gunzipped(std::string_view packed, std::size_t bytes_max) {
  Gunzip gunzip(bytes_max);
  std::string plain;
  const bool sound = gunzip.take(packed, plain) == Gunzip::Taken::yes;
  if (!sound || !gunzip.whole() || packed.empty()) return std::nullopt;
  return plain;
}

}  // namespace cosell::net
