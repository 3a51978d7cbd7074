// The stage table of a mapping: what each CRM stage means, and which CRM stage says what Partner Center means.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "deal/deal.h"
#include "mapping/source.h"
#include "mapping/tree.h"

namespace cosell::mapping {

// What a CRM stage means.
struct StageMeaning {
  enum class Kind : std::uint8_t { open, closed, waiting, ignore } kind = Kind::open;
  Stage stage = Stage::s10;             // open
  Substatus outcome = Substatus::lost;  // closed
  Source reason;                        // closed: where the reason is; may be empty
  std::string crm_stage;
  Origin at;
};

// "10", "80", "won", "waiting", "ignore": what the file would write for this meaning.
std::string target_name(const StageMeaning& meaning);

class StageTable {
 public:
  // Reads "stages"; findings for what does not fit together. Without a "stages" the table stays empty.
  void read(const Node* stages, Findings& findings);

  // For people: the record type whose table this is; the general table has none.
  void set_record_type(std::string name) { record_type_ = std::move(name); }
  const std::string& record_type() const { return record_type_; }
  // Deals of this table are solution assessments: other names at the same percentages (S-10).
  bool assessment() const { return assessment_; }

  bool empty() const { return meanings_.empty(); }
  const std::string& column() const { return column_; }
  Origin column_at() const { return column_at_; }
  Origin at() const { return at_; }
  // Where somebody writes who wants to change the table: `at`, unless that is in a shipped mapping.
  Origin editable_at() const { return editable_at_; }
  void set_editable_at(Origin at) { editable_at_ = at; }
  Origin entries_at() const { return entries_at_; }  // of the list of stages; a base's, where only some were added
  const StageMeaning* find(std::string_view crm_stage) const;
  const std::vector<StageMeaning>& meanings() const { return meanings_; }
  std::vector<std::string> names() const;

  // The CRM stage to write for an open stage or an outcome; nullptr when none was decided. Declined, expired and
  // error fall back to the lost stage: most CRMs have no stage of their own for them.
  const StageMeaning* write_back(Stage stage) const;
  const StageMeaning* write_back(Substatus outcome) const;
  const StageMeaning* waiting() const { return by_target("waiting"); }
  bool is_written_back(const StageMeaning& meaning) const;

 private:
  void read_entry(const Node& entry, Findings& findings);
  void check_reason(const StageMeaning& meaning, Findings& findings);
  void read_write_back(const Node* table, Findings& findings);
  void choose(const std::string& target, const Node* written, Findings& findings);
  const StageMeaning* by_target(const std::string& target) const;

  // "no stage", "no stage of Services"
  std::string no_stage() const;

  std::string record_type_;
  bool assessment_ = false;
  std::string column_;
  Origin column_at_;
  Origin at_;
  Origin editable_at_;
  Origin entries_at_;
  std::vector<StageMeaning> meanings_;  // in file order
  std::unordered_map<std::string, std::size_t> by_name_;
  std::map<std::string, std::size_t> write_back_;  // target -> index into meanings_
};

// "40 Developed"; for an assessment "40 Collect data" (S-10).
std::string stage_in_words(Stage stage, bool assessment);

// An active deal is at most negotiated for the CRM, and an unreported stage is 10 (S-11): only Won closes a deal.
Stage open_stage(Stage s);

// Reads the members "column", "columns", "join", "constant", "values", "else", "trim" and, for parts, "default".
Source read_source(const Node& node, bool part_default);

}  // namespace cosell::mapping
