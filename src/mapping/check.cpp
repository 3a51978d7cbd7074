// Compares a mapping with what the CRM really has, so that a renamed stage or a missing column is named before a sync
// meets it.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "mapping/data.h"
#include "mapping/shipped.h"

namespace cosell::mapping {

class LiveCheck {
 public:
  explicit LiveCheck(const Mapping& mapping) : data_(*mapping.data_), findings_(mapping.data_->files) {}

  std::vector<FileFinding> run(Date today) {
    for (const FieldPlan& plan : data_.plans) {
      if (!plan.is_signed_later(today)) continue;
      findings_.error(plan.signed_on_at, "signed-later",
                      quoted(info(plan.rule.field).name) + " is dated " + to_string(*plan.signed_on) +
                          ", after today; it does not count before, and no referral is created",
                      "write the day on which it was signed");
    }
    return findings_.in_file_order();
  }

  std::vector<FileFinding> run(const std::vector<LiveStage>& stages, const std::vector<LiveColumn>& columns) {
    if (!stages.empty()) {
      for (const LiveStage& s : stages) {
        live_stages_.emplace(key_of(s.id), &s);
        live_types_.insert(s.record_types.begin(), s.record_types.end());
      }
      for (const StageTable* table : data_.stages.all()) {
        record_type(*table);
        mapped_stages(*table, stages);
        order(*table, stages);
        beginning(*table, stages);
      }
      for (const LiveStage& s : stages) live_stage(s);
    }
    if (!columns.empty()) {
      check_names(columns);
      check_account(columns);
      for (const LiveColumn& c : columns) check_column(c);
      new_owners();
    }
    std::vector<FileFinding> found = findings_.in_file_order();
    for (FileFinding& f : found) point_to_own_file(f);
    return found;
  }

 private:
  // A shipped mapping is part of the program: what is wrong with one of its lines is said in the file that extends it.
  void point_to_own_file(FileFinding& f) const {
    const std::string& own = findings_.file(0);
    if (f.file == own || shipped_mapping(f.file).empty()) return;
    const bool of_stages = text::starts_with(f.code, "stage-") || f.code == "percent-falls" ||
                           f.code == "outcome-differs" || f.code == "first-stage-not-waiting";
    f.remedy += std::string(f.remedy.empty() ? "" : "; ") + "the shipped mapping stays as it is, so say it in " + own +
                (of_stages ? " with a \"map\" of your own under \"stages\"" : " under the same name");
  }

  static std::string key_of(const std::string& id) { return text::nfc(text::trim(id)); }
  static std::string quoted(const std::string& s) { return "\"" + s + "\""; }
  static bool lists(const std::vector<std::string>& list, const std::string& s) {
    return std::find(list.begin(), list.end(), s) != list.end();
  }
  static std::string of_type(const StageTable& table) {
    return table.record_type().empty() ? "" : " of " + quoted(table.record_type());
  }

  // A name is no owner: every new opportunity would be refused. Ids of users are long and of one word in every CRM.
  void new_owners() {
    constexpr std::size_t shortest_id = 15;
    const auto check = [&](const std::string& owner) {
      const bool address = owner.find('@') != std::string::npos;
      const bool may_be_id = owner.size() >= shortest_id && owner.find(' ') == std::string::npos;
      if (owner.empty() || address || may_be_id) return;
      findings_.error(data_.new_owner.at, "no-owner",
                      quoted(owner) + " as owner of new deals is neither the id nor the e-mail address of a user",
                      "write the user's id or e-mail address");
    };
    check(data_.new_owner.otherwise);
    for (const auto& [location, owner] : data_.new_owner.by_location) check(owner);
  }

  // --- stages

  // Do opportunities of this table show the stage? One whose record types are not known may be anywhere.
  bool is_offered(const LiveStage& stage, const StageTable& table) const {
    if (stage.record_types.empty()) return true;
    if (!table.record_type().empty()) return lists(stage.record_types, table.record_type());
    return std::any_of(stage.record_types.begin(), stage.record_types.end(),
                       [&](const std::string& type) { return !data_.stages.has_own(type); });
  }

  // The record types of this table's opportunities that do not show the stage.
  std::vector<std::string> types_without(const LiveStage& stage, const StageTable& table) const {
    std::vector<std::string> out;
    if (stage.record_types.empty()) return out;
    for (const std::string& type : live_types_) {
      const bool of_table = table.record_type().empty() ? !data_.stages.has_own(type) : type == table.record_type();
      if (of_table && !lists(stage.record_types, type)) out.push_back(quoted(type));
    }
    return out;
  }

  void record_type(const StageTable& table) {
    if (table.record_type().empty() || live_types_.empty() || live_types_.count(table.record_type()) > 0) return;
    const std::vector<std::string> names(live_types_.begin(), live_types_.end());
    const std::string nearest = did_you_mean(table.record_type(), names);
    findings_.error(table.at(), "record-type-not-live",
                    "the CRM has no active record type " + quoted(table.record_type()) + "; no deal uses this table",
                    nearest.empty() ? "take the table out, or name one of " + text::join(names, ", ") : nearest);
  }

  void mapped_stages(const StageTable& table, const std::vector<LiveStage>& stages) {
    for (const StageMeaning& m : table.meanings()) {
      const bool written = table.is_written_back(m);
      const auto found = live_stages_.find(key_of(m.crm_stage));
      if (found == live_stages_.end()) {
        const std::string message = "the CRM has no stage " + quoted(m.crm_stage);
        if (written) {
          findings_.error(m.at, "stage-not-live", message + ", and it is the one that is written for " + target_name(m),
                          remedy_for(m.crm_stage, stages));
        } else {
          findings_.warning(m.at, "stage-not-live", message, remedy_for(m.crm_stage, stages));
        }
        continue;
      }
      const LiveStage& live = *found->second;
      outcome(m, live);
      if (!written && !is_offered(live, table)) {
        findings_.warning(m.at, "stage-not-offered",
                          "no record type of this table offers the stage " + quoted(m.crm_stage) +
                              "; only deals that stand in it already have it",
                          "remove it once no deal is in it");
      }
      if (!written) continue;
      if (!live.active) {
        findings_.error(
            m.at, "stage-inactive",
            "the stage " + quoted(m.crm_stage) + " is inactive in the CRM and would be written for " + target_name(m),
            "name another stage in \"write_back\"");
        continue;
      }
      const auto without = types_without(live, table);
      if (without.empty()) continue;
      findings_.error(m.at, "stage-not-offered",
                      "the record type" + std::string(without.size() == 1 ? " " : "s ") + text::join(without, ", ") +
                          (without.size() == 1 ? " does" : " do") + " not offer the stage " + quoted(m.crm_stage) +
                          ", which would be written for " + target_name(m),
                      table.record_type().empty()
                          ? "give it a table of its own under \"by\", or name another stage in \"write_back\""
                          : "name another stage in the record type's \"write_back\"");
    }
  }

  // What the CRM itself says about the end of a deal.
  void outcome(const StageMeaning& m, const LiveStage& live) {
    if (m.kind == StageMeaning::Kind::ignore) return;
    const bool closed = m.kind == StageMeaning::Kind::closed;
    const bool won = closed && m.outcome == Substatus::won;
    const std::string in_crm = live.won ? "won" : live.closed ? "lost" : "open";
    const std::string message =
        "the CRM's stage " + quoted(m.crm_stage) + " is " + in_crm + ", but here it means " + target_name(m);
    if (closed && live.closed && won != live.won) {
      findings_.error(m.at, "outcome-differs", message, "map it to \"" + in_crm + "\"");
    } else if (!closed && live.closed) {
      findings_.warning(m.at, "outcome-differs", message, "map it to \"" + in_crm + "\", or to \"ignore\"");
    } else if (closed && !live.closed) {
      findings_.warning(m.at, "outcome-differs", message,
                        "map it to 10, 20, 40, 60 or 80; if its deals are really over, leave it: they are closed in "
                        "Partner Center, and stay closed there");
    }
  }

  // The percentages rise with the pipeline.
  void order(const StageTable& table, const std::vector<LiveStage>& stages) {
    const StageMeaning* before = nullptr;
    for (const LiveStage& live : stages) {
      const StageMeaning* m = table.find(live.id);
      if (m == nullptr || m->kind != StageMeaning::Kind::open || !live.active || !is_offered(live, table)) continue;
      if (before != nullptr && percent_of(m->stage) < percent_of(before->stage)) {
        findings_.warning(m->at, "percent-falls",
                          quoted(m->crm_stage) + " comes after " + quoted(before->crm_stage) +
                              " in the CRM, but means " + target_name(*m) + " where that means " + target_name(*before),
                          "check both percentages");
      }
      before = m;
    }
  }

  // Where the CRM itself chooses the first stage, a deal from Microsoft begins there too, before anybody looked at it.
  void beginning(const StageTable& table, const std::vector<LiveStage>& stages) {
    if (data_.create_in_crm == CreateInCrm::none) return;
    const bool said = !data_.stages.new_type().empty();
    if (said && &table != &data_.stages.for_new()) return;
    const auto beginnings = std::count_if(stages.begin(), stages.end(), [](const LiveStage& s) { return s.first; });
    for (const LiveStage& s : stages) {
      const StageMeaning* m = s.first && s.active && is_offered(s, table) ? table.find(s.id) : nullptr;
      if (m == nullptr || m->kind == StageMeaning::Kind::waiting) continue;
      const std::string label = s.label.empty() || s.label == s.id ? "" : " (" + s.label + ")";
      const std::string message = "opportunities that the bridge creates for deals from Microsoft begin at " +
                                  quoted(m->crm_stage) + label + ", which means " + target_name(*m) +
                                  " here: they would count as accepted before anybody looked at them";
      const std::string remedy = "map it to \"waiting\", or write \"create_in_crm\": \"none\" in \"referrals\"";
      if (said || beginnings == 1) {
        findings_.error(m->at, "first-stage-not-waiting", message, remedy);
      } else {
        findings_.warning(m->at, "first-stage-not-waiting", message,
                          remedy + "; if such deals begin elsewhere, say so with \"new\" under \"by\"");
      }
    }
  }

  std::string remedy_for(const std::string& name, const std::vector<LiveStage>& stages) {
    // Comparing with every live stage is slow, and nobody reads hundreds of suggestions.
    if (++suggestions_ > kMaxSuggestions) return "remove it, or write the stage's stable value";
    std::vector<std::string> names;
    for (const LiveStage& s : stages) {
      if (s.label == name) return quoted(name) + " is a label; its stable value is " + quoted(s.id);
      names.push_back(s.id);
    }
    const std::string nearest = did_you_mean(name, names);
    return nearest.empty() ? "remove it, or write the stage's stable value" : nearest;
  }

  void live_stage(const LiveStage& s) {
    const auto tables = data_.stages.all();
    if (s.record_types.empty()) {
      const bool anywhere =
          std::any_of(tables.begin(), tables.end(), [&](const StageTable* t) { return t->find(s.id) != nullptr; });
      if (!anywhere) not_mapped(s, data_.stages.general());
      return;
    }
    for (const StageTable* table : tables) {
      if (is_offered(s, *table) && table->find(s.id) == nullptr) not_mapped(s, *table);
    }
  }

  std::string remedy_for_missing(const std::string& stage, const StageTable& table) const {
    const std::string entry = quoted(stage) + ": …";
    if (findings_.is_shipped(table.at())) return "add \"stages\": { \"add\": { " + entry + " } }";
    if (findings_.is_shipped(table.entries_at())) return "add " + entry + " to \"add\" under \"stages\"";
    return "add " + entry + " to the stage table";
  }

  void not_mapped(const LiveStage& s, const StageTable& table) {
    const std::string shown = s.label.empty() || s.label == s.id ? "" : " (" + s.label + ")";
    const std::string message = "the CRM's stage " + quoted(s.id) + shown + of_type(table) + " is not mapped";
    const std::string remedy = remedy_for_missing(s.id, table);
    if (s.active) {
      findings_.error(table.editable_at(), "stage-not-mapped", message + "; deals in it will wait", remedy);
    } else {
      findings_.warning(table.editable_at(), "stage-not-mapped", message + "; it is inactive", remedy);
    }
  }

  // --- columns

  void check_names(const std::vector<LiveColumn>& columns) {
    std::vector<std::string> names;
    for (const LiveColumn& c : columns) names.push_back(c.name);
    const std::set<std::string> known(names.begin(), names.end());
    const bool paths =
        std::any_of(names.begin(), names.end(), [](const std::string& n) { return n.find('.') != std::string::npos; });
    std::set<std::string> wanted(data_.read.begin(), data_.read.end());
    wanted.insert(data_.written.begin(), data_.written.end());
    for (const std::string& name : wanted) {
      // Columns of parent records are checked only where the CRM listed them.
      if (known.contains(name) || (!paths && name.find('.') != std::string::npos)) continue;
      findings_.error(at_of(name), "column-missing", "the CRM has no column " + quoted(name),
                      missing_remedy(name, names));
    }
  }

  // The account's columns have the bare names of its table. The CRM lists them under the path by which opportunities
  // reach it, which is the one that the customer is read by.
  void check_account(const std::vector<LiveColumn>& columns) {
    const std::string path = path_to_account();
    if (path.empty()) return;
    std::vector<std::string> names;
    for (const LiveColumn& c : columns) {
      if (c.listed && text::starts_with(c.name, path)) names.push_back(c.name.substr(path.size()));
    }
    if (names.empty()) return;  // not listed
    for (const auto& [part, target] : data_.record) {
      if (lists(names, target.column)) continue;
      const std::string nearest = did_you_mean(target.column, names);
      findings_.error(
          target.at, "column-missing",
          "the account has no column " + quoted(target.column) + ", by which customers are looked for and created",
          nearest.empty() ? "name another one, or take it out of \"record\"" : nearest);
    }
  }

  // "Account."; "" when customers are not read from the account.
  std::string path_to_account() const {
    const FieldPlan* customer = data_.plan(Field::customer);
    if (customer == nullptr) return "";
    const auto name = customer->parts.find("name");
    if (name == customer->parts.end() || !name->second.has_column()) return "";
    const std::string& column = name->second.columns.front();
    const std::size_t dot = column.rfind('.');
    return dot == std::string::npos ? "" : column.substr(0, dot + 1);
  }

  void check_column(const LiveColumn& c) {
    if (!c.writable && lists(data_.written, c.name)) {
      findings_.error(at_of(c.name), "column-not-writable", "the column " + quoted(c.name) + " may not be written",
                      "give the bridge's user the right to edit it, or make the field \"to_partner_center\"");
    }
    for (const FieldPlan& plan : data_.plans) {
      if (plan.source.columns.empty() || plan.source.columns.front() != c.name) continue;
      check_type(plan, c);
      check_values(plan, c);
    }
    constexpr int kReferralId = 36;  // a GUID in text
    if (c.name == data_.key_column && c.length > 0 && c.length < kReferralId) {
      findings_.error(
          at_of(c.name), "column-too-short",
          "the column " + quoted(c.name) + " holds " + std::to_string(c.length) + " characters; a referral's id has 36",
          "make it longer, or name another column");
    }
    if (c.name == data_.select_column) check_selection(c);
  }

  bool is_written(const FieldPlan& plan) const {
    const Direction d = plan.rule.direction;
    return plan.source.is_writable() && (d == Direction::both || d == Direction::to_crm);
  }

  // Column types from which this kind of field cannot be read, or to which it cannot be written.
  static std::vector<std::string> impossible(FieldKind kind, bool written) {
    switch (kind) {
      case FieldKind::date:
        return {"boolean", "number", "reference", "picklist"};
      case FieldKind::money:
        return {"boolean", "date", "instant", "reference", "picklist"};
      case FieldKind::flag:
        return {"date", "instant", "reference"};
      case FieldKind::text:
      case FieldKind::solutions:
        if (written) return {"boolean", "date", "instant", "number", "reference"};
        return {};
      case FieldKind::people:
      case FieldKind::customer:
        return {};
    }
    return {};
  }

  void check_type(const FieldPlan& plan, const LiveColumn& c) {
    if (plan.kind == FieldKind::date && c.type == "instant") {
      findings_.warning(plan.at, "column-type",
                        "the column " + quoted(c.name) + " is a time; its day in UTC counts, which may be the day " +
                            "before or after the one that users see",
                        "name a column that holds a date only");
    }
    if (!lists(impossible(plan.kind, is_written(plan)), c.type)) return;
    findings_.error(
        plan.at, "column-type",
        "the column " + quoted(c.name) + " is a " + c.type + "; it cannot hold the " + info(plan.rule.field).label,
        "name another column, or make the field \"to_partner_center\"");
  }

  // The picklist against the table of values, both ways.
  void check_values(const FieldPlan& plan, const LiveColumn& c) {
    const ValueTable& table = plan.source.table;
    if (c.values.empty() || table.empty()) return;
    std::set<std::string> live;
    for (const std::string& v : c.values) live.insert(key_of(v));
    for (const auto& [crm_value, means] : table.entries()) {
      if (key_of(crm_value).empty() || live.contains(key_of(crm_value))) continue;
      const std::string message = "the picklist " + quoted(c.name) + " has no value " + quoted(crm_value);
      if (is_written(plan) && table.inverse(means) == &crm_value) {
        findings_.error(plan.at, "value-not-live", message + ", and it is the one that is written for " + quoted(means),
                        did_you_mean(crm_value, c.values));
      } else {
        findings_.warning(plan.at, "value-not-live", message, did_you_mean(crm_value, c.values));
      }
    }
    for (const std::string& v : c.values) {
      if (!read_field(plan, {{c.name, Value(v)}}, data_.files).problem) continue;
      findings_.warning(plan.at, "value-not-mapped",
                        "the value " + quoted(v) + " of " + quoted(c.name) + " is not in the table; the " +
                            info(plan.rule.field).label + " of deals with it will wait",
                        "add " + quoted(v) + " to \"values\", or write \"else\"");
    }
  }

  void check_selection(const LiveColumn& c) {
    for (const Value& wanted : data_.select_values) {
      const std::string value = plain_text(wanted);
      const bool tick = std::holds_alternative<bool>(wanted);
      if (c.type == "boolean" && !tick && value != "true" && value != "false") {
        findings_.error(at_of(c.name), "column-type",
                        "the column " + quoted(c.name) + " is a tick; it is never " + quoted(value) +
                            ", so that no deal takes part",
                        "write \"value\": true");
      } else if (!c.values.empty() && !lists(c.values, value)) {
        findings_.error(
            at_of(c.name), "value-not-live",
            "the picklist " + quoted(c.name) + " has no value " + quoted(value) + "; no deal takes part by it",
            did_you_mean(value, c.values));
      }
    }
  }

  std::string missing_remedy(const std::string& name, const std::vector<std::string>& names) const {
    for (const FieldPlan& plan : data_.plans) {
      if (plan.currency_column == name) return "with one currency only, write \"currency\": \"EUR\" in \"value\"";
    }
    for (const auto& b : data_.bridge) {
      if (b.second == name) return "install the bridge's columns, or name another column in \"bridge\"";
    }
    const std::string nearest = did_you_mean(name, names);
    return nearest.empty() ? "create the column, or name another one" : nearest;
  }

  Origin at_of(const std::string& column) const {
    const auto found = data_.column_at.find(column);
    return found == data_.column_at.end() ? Origin{0, 1, 1} : found->second;
  }

  static constexpr int kMaxSuggestions = 20;
  const Mapping::Data& data_;
  Findings findings_;
  std::unordered_map<std::string, const LiveStage*> live_stages_;
  std::set<std::string> live_types_;
  int suggestions_ = 0;
};

std::vector<FileFinding> check_against_day(const Mapping& mapping, Date today) { return LiveCheck(mapping).run(today); }

std::vector<FileFinding> check_against_live(const Mapping& mapping, const std::vector<LiveStage>& stages,
                                            const std::vector<LiveColumn>& columns) {
  return LiveCheck(mapping).run(stages, columns);
}

}  // namespace cosell::mapping
