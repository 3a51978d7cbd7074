// Strong names for identifiers, so that a referral id cannot be handed over as an opportunity id.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace cosell {

template <class Tag>
struct StrongText {
  std::string value;
  StrongText() = default;
  explicit StrongText(std::string v) : value(std::move(v)) {}
  bool empty() const { return value.empty(); }
  auto operator<=>(const StrongText&) const = default;
};

template <class Tag>
struct StrongInt {
  std::int64_t value = 0;
  StrongInt() = default;
  explicit StrongInt(std::int64_t v) : value(v) {}
  bool valid() const { return value != 0; }
  auto operator<=>(const StrongInt&) const = default;
};

using RecordId = StrongText<struct RecordIdTag>;          // a record's id on its own side
using BridgeKey = StrongText<struct BridgeKeyTag>;        // the other side's id, as this side carries it
using VersionToken = StrongText<struct VersionTokenTag>;  // opaque, compared for equality only
using OperationId = StrongText<struct OperationIdTag>;    // UUID, drawn once, before the first attempt
using Cursor = StrongText<struct CursorTag>;              // opaque read position, made by a connector
using DealId = StrongInt<struct DealIdTag>;               // a deal's row in the store
using RunId = StrongInt<struct RunIdTag>;
using ImageId = StrongInt<struct ImageIdTag>;

}  // namespace cosell
