// The stage of an opportunity as one text, though the platform keeps it in three columns: the state, its reason, and
// the choice that a setting names.
//
//   "salesstage:2"     open; the option of the choice (`stage_column`), by number
//   "salesstage:none"  open; the choice is empty
//   "process:6b9c…"    open, when the stage stands in the business process: the id of its active stage
//   "process:none"     open; no business process runs on it
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
// As `stage_column`: the stage is that of the business process. As a column: which process it is.
constexpr std::string_view kProcessColumn = "process";

struct StageValue {
  enum class State : std::uint8_t { open = 0, won = 1, lost = 2 } state = State::open;
  std::optional<std::int64_t> option = {};  // of the choice when open (empty: none), else the status reason
  std::string process_stage = {};           // when open: the active stage of the business process, "" for none

  bool is_open() const { return state == State::open; }
  bool operator==(const StageValue&) const = default;
};

class StageColumn {
 public:
  explicit StageColumn(std::string choice) : choice_(std::move(choice)) {}

  const std::string& choice() const { return choice_; }
  bool is_status() const { return choice_ == "statuscode"; }
  // Then rows of opportunity do not show the stage of an open one; dynamics365_process.h finds it.
  bool is_process() const { return choice_ == kProcessColumn; }
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
