// The stage of an opportunity as one text, though the platform keeps it in three columns: the state, its reason, and
// the choice that a setting names.
//
//   "salesstage:2"     open; the option of the choice (`stage_column`), by number
//   "salesstage:none"  open; the choice is empty
//   "won:3" "lost:5"   closed, with the status reason
//
// The texts stand in mappings. Numbers are used because labels change with the user's language.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/json.h"

namespace cosell::dynamics365 {

// The column under which the stage is read and written.
constexpr std::string_view kStageColumn = "stage";

struct StageValue {
  enum class State : std::uint8_t { open = 0, won = 1, lost = 2 } state = State::open;
  std::optional<std::int64_t> option;  // of the choice when open (empty: none), else the status reason

  bool is_open() const { return state == State::open; }
  bool operator==(const StageValue&) const = default;
};

class StageColumn {
 public:
  explicit StageColumn(std::string choice) : choice_(std::move(choice)) {}

  const std::string& choice() const { return choice_; }
  bool is_status() const { return choice_ == "statuscode"; }
  // What a row has to show for read().
  std::vector<std::string> properties() const;

  std::string text_of(const StageValue& value) const;
  // Empty when the text is no stage of this column.
  std::optional<StageValue> parse(std::string_view text) const;
  // Empty when the row does not show the properties, or shows something else in them.
  std::optional<StageValue> read(const json::Value& row) const;

 private:
  std::string choice_;
};

}  // namespace cosell::dynamics365
