// The inside of a mapping as plain lines.
#include "mapping/inspect.h"

#include <cstdlib>

#include "base/text.h"
#include "mapping/data.h"

namespace cosell::mapping {

namespace {

std::string in_quotes(const std::string& s) { return "\"" + s + "\""; }

std::string contents_of(const Source& source) {
  std::string out = (source.joined ? "joined columns " : "columns ") + text::join(source.columns, ",");
  for (const auto& [from, to] : source.table.entries()) out += "; " + in_quotes(from) + " is " + in_quotes(to);
  if (source.otherwise) out += "; else " + in_quotes(*source.otherwise);
  if (source.constant) out += "; always " + in_quotes(*source.constant);
  if (source.fallback) out += "; when blank " + in_quotes(*source.fallback);
  if (source.trim) out += "; trimmed";
  if (source.strip_marks) out += "; without marks";
  if (source.max_length > 0) out += "; cut to " + std::to_string(source.max_length);
  return out;
}

std::string people_words(const PersonPlan& person) {
  std::vector<std::string> columns;
  for (const Source* part : {&person.first, &person.last, &person.name, &person.phone, &person.email}) {
    if (part->has_column()) columns.push_back(part->columns.front());
    if (part->constant) columns.push_back(in_quotes(*part->constant));
  }
  return text::join(columns, ", ");
}

std::string words_of(const FieldPlan& plan) {
  std::vector<std::string> parts;
  if (!plan.source.columns.empty()) {
    std::string columns = text::join(plan.source.columns, plan.source.joined ? " and " : ", else ");
    if (!plan.currency_column.empty()) columns += " with " + plan.currency_column;
    if (!plan.source.table.empty()) {
      columns += " through a table of " + text::count_of(plan.source.table.entries().size(), "value");
    }
    parts.push_back(columns);
  }
  if (plan.source.constant) parts.push_back("always " + in_quotes(*plan.source.constant));
  for (const PersonPlan& person : plan.people) parts.push_back(people_words(person));
  if (!plan.parts.empty()) {
    std::vector<std::string> columns;
    for (const auto& [part, source] : plan.parts) {
      if (source.has_column()) columns.push_back(source.columns.front());
    }
    parts.push_back(text::join(columns, ", "));
  }
  for (const Solution& solution : plan.solutions) parts.push_back("always " + solution.id);
  if (plan.statement) parts.push_back("a signed statement");
  if (plan.fallback) parts.push_back("for new referrals " + plan.fallback->written());
  return text::join(parts, "; ");
}

std::string all_contents(const FieldPlan& plan) {
  std::string out = contents_of(plan.source) + "; currency " + plan.currency + "/" + plan.currency_column;
  out += "; separator " + plan.separator;
  if (plan.fallback)
    out += "; for new referrals " + plan.fallback->written() + " " + contents_of(plan.fallback->table());
  for (const Solution& s : plan.solutions) out += "; " + s.id;
  for (const PersonPlan& p : plan.people) {
    for (const Source* part : {&p.first, &p.last, &p.name, &p.phone, &p.email}) out += " | " + contents_of(*part);
  }
  for (const auto& [name, source] : plan.parts) out += " | " + name + " " + contents_of(source);
  return out;
}

}  // namespace

const std::vector<std::string>& all_targets() {
  static const std::vector<std::string> targets = {"10",   "20",       "40",      "60",    "80",     "won",
                                                   "lost", "declined", "expired", "error", "waiting"};
  return targets;
}

std::string meaning_of(const std::string& target) {
  if (target == "waiting") return "sent by Microsoft, not answered yet";
  if (target == "ignore") return "left out";
  if (!target.empty() && target.front() >= '0' && target.front() <= '9') {
    const auto stage = stage_from_percent(std::atoi(target.c_str()));
    return stage ? target + " " + stage_title(*stage) : target;
  }
  return "closed as " + target;
}

// The one class that looks into a mapping from outside.
class Inspector {
 public:
  static std::vector<StageLine> stages(const Mapping& mapping, const std::string& record_type) {
    const auto& data = *mapping.data_;
    const StageTable& table = data.stages.of_type(record_type);
    std::vector<StageLine> lines;
    for (const StageMeaning& m : table.meanings()) {
      StageLine line;
      line.crm_stage = m.crm_stage;
      line.target = target_name(m);
      const bool open = m.kind == StageMeaning::Kind::open;
      line.meaning = open ? stage_in_words(m.stage, table.assessment()) : meaning_of(line.target);
      line.place = data.files.place(m.at);
      if (data.files.is_shipped(m.at)) line.own_file = data.files.file(0);
      for (const std::string& target : all_targets()) {
        const StageMeaning* back = written_for(table, target);
        if (back != nullptr && back->crm_stage == m.crm_stage) line.written_for.push_back(target);
      }
      lines.push_back(std::move(line));
    }
    return lines;
  }

  static std::vector<FieldLine> fields(const Mapping& mapping) {
    const auto& data = *mapping.data_;
    std::vector<FieldLine> lines;
    for (const FieldPlan& plan : data.plans) {
      lines.push_back({plan.rule, words_of(plan), all_contents(plan), data.files.place(plan.at)});
    }
    return lines;
  }

  static std::vector<SettingLine> settings(const Mapping& mapping) {
    const auto& data = *mapping.data_;
    std::vector<SettingLine> lines;
    const auto add = [&lines](const std::string& what, const std::string& says) {
      if (!says.empty()) lines.push_back({what, says});
    };
    add("deals that take part", data.select_all ? "all" : data.select_column + " is " + any_of(data.select_values));
    add("referrals that belong here",
        data.locations.empty() ? "all"
                               : "location " + text::join({data.locations.begin(), data.locations.end()}, ", "));
    add("opportunities created in the CRM", name_of(data.create_in_crm));
    add("column of the customer", data.account_column);
    add("customers are found by", text::join(data.customer.match, ", "));
    add("customer that is not found", data.customer.none == NoMatch::create ? "is created" : "is waited for");
    for (const auto& [part, record] : data.record) {
      add("customer's " + text::replace_all(part, "_", " "),
          record.column + (record.country_as_name ? ", as a name" : ""));
    }
    add("column of the owner", data.owner_column);
    add("owner's name", data.owner_name_column);
    add("owner's e-mail", data.owner_email_column);
    for (const auto& [location, owner] : data.new_owner.by_location) add("owner at location " + location, owner);
    add("owner from the deal's team", data.new_owner.team ? "yes" : "no");
    add("owner otherwise", data.new_owner.otherwise);
    for (const auto& [column, value] : data.new_opportunity) add("new opportunities: " + column, display(value));
    for (const auto& [part, column] : data.bridge) add("column for " + text::replace_all(part, "_", " "), column);
    const MatchRule& m = data.matching;
    add("matching", "customer " + std::to_string(m.customer) + ", name " + std::to_string(m.name) + ", value " +
                        std::to_string(m.value) + ", close date " + std::to_string(m.close_date) + "; sure from " +
                        std::to_string(m.sure) + ", doubtful from " + std::to_string(m.doubtful));
    return lines;
  }

 private:
  static const char* name_of(CreateInCrm create) {
    if (create == CreateInCrm::none) return "never";
    return create == CreateInCrm::all ? "for every referral" : "for referrals that somebody sent";
  }
  static std::string any_of(const std::vector<Value>& values) {
    std::vector<std::string> texts;
    for (const Value& v : values) texts.push_back(display(v));
    return text::join(texts, " or ");
  }
  static const StageMeaning* written_for(const StageTable& stages, const std::string& target) {
    if (target == "waiting") return stages.waiting();
    if (const auto outcome = substatus_from(target)) return stages.write_back(*outcome);
    const auto stage = stage_from_percent(std::atoi(target.c_str()));
    return stage ? stages.write_back(*stage) : nullptr;
  }
};

std::vector<StageLine> stage_lines(const Mapping& mapping, const std::string& record_type) {
  return Inspector::stages(mapping, record_type);
}
std::vector<SettingLine> setting_lines(const Mapping& mapping) { return Inspector::settings(mapping); }

std::vector<FieldLine> field_lines(const Mapping& mapping) { return Inspector::fields(mapping); }

}  // namespace cosell::mapping
