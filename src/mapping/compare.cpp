// Compares what mappings say, not how they are written: order, comments and inherited lines do not count.
#include "mapping/compare.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "mapping/inspect.h"

namespace cosell::mapping {

namespace {

std::string targets_text(const StageLine& line) {
  if (line.written_for.empty()) return line.meaning;
  return line.meaning + ", written back for " + text::join(line.written_for, ", ");
}

std::string rule_text(const FieldLine& line) {
  std::string out = line.comes_from.empty() ? "no column" : line.comes_from;
  out += std::string(", direction ") + name_of(line.rule.direction);
  out += std::string(", both changed: ") + name_of(line.rule.conflict);
  out += std::string(", first link: ") + name_of(line.rule.first_link);
  if (line.rule.create_only) out += ", only when created";
  if (line.rule.required) out += ", required";
  return out;
}

void compare_stages(const Mapping& before, const Mapping& after, const std::string& type,
                    std::vector<Difference>& out) {
  const auto old_lines = stage_lines(before, type);
  std::map<std::string, const StageLine*> old_by_name;
  for (const StageLine& line : old_lines) old_by_name[line.crm_stage] = &line;
  const auto title = [&](const StageLine& line) {
    return "stage \"" + line.crm_stage + "\"" + (type.empty() ? "" : " of \"" + type + "\"");
  };
  for (const StageLine& line : stage_lines(after, type)) {
    const auto old = old_by_name.find(line.crm_stage);
    const std::string was = old == old_by_name.end() ? "" : targets_text(*old->second);
    if (was != targets_text(line)) out.push_back({title(line), was, targets_text(line), line.place});
    if (old != old_by_name.end()) old_by_name.erase(old);
  }
  for (const StageLine& line : old_lines) {
    if (old_by_name.count(line.crm_stage) == 0) continue;
    out.push_back({title(line), targets_text(line), "", line.place});
  }
}

// The general stages, and those of every record type that has its own in one of the two.
void compare_all_stages(const Mapping& before, const Mapping& after, std::vector<Difference>& out) {
  std::set<std::string> types = {""};
  for (const Mapping* mapping : {&before, &after}) {
    for (const std::string& type : mapping->record_types()) types.insert(type);
  }
  for (const std::string& type : types) compare_stages(before, after, type, out);
}

void compare_fields(const Mapping& before, const Mapping& after, std::vector<Difference>& out) {
  std::map<Field, FieldLine> old;
  for (FieldLine& line : field_lines(before)) old[line.rule.field] = std::move(line);
  for (const FieldLine& line : field_lines(after)) {
    const auto known = old.find(line.rule.field);
    const std::string name = info(line.rule.field).label;
    if (known == old.end()) {
      out.push_back({name, "", rule_text(line), line.place});
      continue;
    }
    std::string was = rule_text(known->second);
    std::string is = rule_text(line);
    if (was == is && known->second.contents != line.contents) {
      was = known->second.contents;
      is = line.contents;
    }
    if (was != is) out.push_back({name, was, is, line.place});
    old.erase(known);
  }
  for (const auto& [field, line] : old) out.push_back({info(field).label, rule_text(line), "", line.place});
}

void compare_settings(const Mapping& before, const Mapping& after, std::vector<Difference>& out) {
  std::map<std::string, std::string> old;
  for (const SettingLine& line : setting_lines(before)) old[line.what] = line.says;
  for (const SettingLine& line : setting_lines(after)) {
    const auto known = old.find(line.what);
    const std::string was = known == old.end() ? "" : known->second;
    if (was != line.says) out.push_back({line.what, was, line.says, ""});
    if (known != old.end()) old.erase(known);
  }
  for (const auto& [what, was] : old) out.push_back({what, was, "", ""});
}

std::string problem_text(const ReadDeal& read, Field field) {
  const auto found = std::find_if(read.problems.begin(), read.problems.end(),
                                  [field](const ReadDeal::Problem& p) { return p.field == field; });
  return found == read.problems.end() ? "" : found->message;
}

std::string taken_part(const Selection& s) { return s.takes_part ? "takes part" : "is left out (" + s.text + ")"; }

}  // namespace

std::vector<Difference> differences(const Mapping& before, const Mapping& after) {
  std::vector<Difference> out;
  compare_all_stages(before, after, out);
  if (before.backward() != after.backward()) {
    out.push_back({"a stage that moves back", name_of(before.backward()), name_of(after.backward()), ""});
  }
  compare_fields(before, after, out);
  compare_settings(before, after, out);
  return out;
}

std::vector<std::string> differences_for(const Mapping& before, const Mapping& after, const Columns& opportunity) {
  std::vector<std::string> out;
  const Selection was = before.select_opportunity(opportunity);
  const Selection is = after.select_opportunity(opportunity);
  if (was.takes_part != is.takes_part) out.push_back("it " + taken_part(was) + "; afterwards it " + taken_part(is));
  if (!was.takes_part && !is.takes_part) return out;
  const ReadDeal old_read = before.read(opportunity);
  const ReadDeal new_read = after.read(opportunity);
  // One stage in the CRM says both where a deal stands and its stage: what cannot be read is told once.
  const bool stage_unread =
      !problem_text(old_read, Field::stage).empty() || !problem_text(new_read, Field::stage).empty();
  for (const FieldInfo& field : all_fields()) {
    if (!field.shared || (field.field == Field::standing && stage_unread)) continue;
    const std::string old_problem = problem_text(old_read, field.field);
    const std::string new_problem = problem_text(new_read, field.field);
    if (!new_problem.empty() && old_problem.empty()) {
      out.push_back(std::string(field.label) + " can no longer be read: " + new_problem);
    } else if (new_problem.empty() && !old_problem.empty()) {
      const bool open = field.field != Field::stage || new_read.deal.stage() != Stage::none;
      out.push_back(std::string(field.label) + " becomes " +
                    display(new_read.deal.get(open ? field.field : Field::standing)) +
                    ", which could not be read before");
    } else if (new_problem.empty() && !same_value(old_read.deal.get(field.field), new_read.deal.get(field.field))) {
      out.push_back(std::string(field.label) + ": " + display(old_read.deal.get(field.field)) + " becomes " +
                    display(new_read.deal.get(field.field)));
    }
  }
  return out;
}

}  // namespace cosell::mapping
