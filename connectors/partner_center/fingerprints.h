// Which versions of which rows were read already, each as a number of 64 bits: what a read position carries of the
// rows that a listing looks at again. It only spares work: a version that is not remembered is delivered once more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "connectors/partner_center/referral_wire.h"

namespace cosell::partner_center {

// One version of one row: by its tag, and by its stamp where a list shows no tag.
std::uint64_t fingerprint(const RowHead& row);

class Fingerprints {
 public:
  // 1.4 MB of text, and more than two minutes of the fastest first sync.
  static constexpr std::size_t kMost = 131'072;

  bool contains(std::uint64_t print) const { return prints_.count(print) > 0; }
  void remember(std::uint64_t print);  // beyond kMost: nothing happens
  std::size_t size() const { return prints_.size(); }
  bool empty() const { return prints_.empty(); }
  void clear() { prints_.clear(); }
  bool operator==(const Fingerprints&) const = default;

  // Eight bytes each in ascending order, base64. Reading takes what can be read.
  std::string packed() const;
  static Fingerprints unpacked(std::string_view text);

 private:
  struct AsItIs {  // it is a hash already
    std::size_t operator()(std::uint64_t print) const { return static_cast<std::size_t>(print); }
  };
  std::unordered_set<std::uint64_t, AsItIs> prints_;
};

}  // namespace cosell::partner_center
