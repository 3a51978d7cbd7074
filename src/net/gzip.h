// Compression of HTTP bodies (RFC 1952). Unpacking is bounded, and a stream that ends too early is told from a whole
// one: libcurl's own unpacking takes what came for everything.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cosell::net {

class Gunzip {
 public:
  explicit Gunzip(std::size_t bytes_max);  // of what is unpacked
  ~Gunzip();
  Gunzip(Gunzip&&) noexcept;
  Gunzip& operator=(Gunzip&&) noexcept;

  enum class Taken { yes, broken, too_large };
  // Appends what the next bytes hold to `out`.
  Taken take(std::string_view packed, std::string& out);
  // Has everything come? Also when nothing did: an answer without a body may still name its encoding.
  bool whole() const;

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

std::string gzipped(std::string_view plain);
// None when it is not one whole stream, or larger than `bytes_max` unpacked.
std::optional<std::string> gunzipped(std::string_view packed, std::size_t bytes_max);

}  // namespace cosell::net
