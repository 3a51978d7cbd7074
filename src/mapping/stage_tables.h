// The stage tables of a mapping: the general one, and those of the record types (business processes) that have a
// pipeline of their own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "mapping/stages.h"

namespace cosell::mapping {

class StageTables {
 public:
  // Reads "stages" of a whole, merged mapping; findings for what does not fit together.
  void read(const Node& tree, Findings& findings);

  const std::string& column() const { return general_.column(); }
  Origin column_at() const { return general_.column_at(); }
  // The column that says which table counts; "" when there is only the general one.
  const std::string& record_type_column() const { return record_type_column_; }
  Origin record_type_column_at() const { return record_type_column_at_; }

  const StageTable& general() const { return general_; }
  // The table of a record type; the general one for those without their own.
  const StageTable& of_type(std::string_view record_type) const;
  const StageTable& of(const Columns& opportunity) const;
  // The table of the opportunities that the bridge creates.
  const StageTable& for_new() const { return of_type(new_type_); }
  const std::string& new_type() const { return new_type_; }  // "": not said

  bool has_own(std::string_view record_type) const { return own_.find(record_type) != own_.end(); }
  std::vector<std::string> record_types() const;  // those with a table of their own, in the order of their names
  std::vector<const StageTable*> all() const;

 private:
  void read_by(const Node& tree, const Node& stages, const Node& by, Findings& findings);

  StageTable general_;
  std::map<std::string, StageTable, std::less<>> own_;
  std::string record_type_column_;
  Origin record_type_column_at_;
  std::string new_type_;
};

}  // namespace cosell::mapping
