// Deal values to CRM columns. A column whose present value already says the same is left alone.
#include <algorithm>

#include "base/text.h"
#include "mapping/fields.h"

namespace cosell::mapping {
namespace {

class FieldWriter {
 public:
  FieldWriter(const FieldPlan& plan, const Columns& present, const Findings& files, Mapping::Written& out)
      : plan_(plan), present_(present), files_(files), out_(out) {}

  void write(const Value& value) {
    if (!plan_.source.is_writable()) {
      return problem("no-column", std::string("the ") + info(plan_.rule.field).label + " has no column of its own");
    }
    if (already_says(value)) return;
    if (plan_.kind == FieldKind::flag) return flag(value == Value(true));  // a checkbox is never blank
    if (same_value(value, Value())) return set(Value());
    if (const auto* money = std::get_if<Money>(&value)) return this->money(*money);
    if (const auto* list = std::get_if<std::vector<Solution>>(&value)) return solutions(*list);
    if (std::holds_alternative<std::string>(value)) return text(text_of(value));
    set(value);
  }

 private:
  const std::string& column() const { return plan_.source.columns.front(); }
  void set(Value v) { out_.columns[column()] = std::move(v); }

  void problem(const char* code, const std::string& message) {
    out_.problems.push_back({plan_.rule.field, code, message + " (" + files_.place(plan_.at) + ")"});
  }

  bool already_says(const Value& value) const {
    if (!present_.contains(column())) return false;  // not known: it has to be written
    const FieldRead read = read_field(plan_, present_, files_);
    if (read.problem) return false;
    const auto* text = std::get_if<std::string>(&value);
    return same_value(read.value, text == nullptr ? value : Value(cut(*text, plan_.source.max_length)));
  }

  void no_way_back(const std::string& value) {
    problem("no-write-back", "no value of " + column() + " means \"" + value + "\" in the table of \"" +
                                 info(plan_.rule.field).name + "\"");
  }

  void text(const std::string& value) {
    if (plan_.source.table.empty()) return set(cut(value, plan_.source.max_length));
    const std::string* back = plan_.source.table.inverse(value);
    if (back == nullptr) return no_way_back(value);
    set(*back);
  }

  void flag(bool value) {
    if (plan_.source.table.empty()) return set(value);
    const std::string* back = plan_.source.table.inverse(value ? "true" : "false");
    if (back == nullptr) return no_way_back(value ? "true" : "false");
    set(*back);
  }

  void money(const Money& money) {
    if (plan_.currency_column.empty() && money.currency != plan_.currency) {
      return problem("other-currency",
                     "the value is in " + money.currency + " and " + column() + " holds only " + plan_.currency);
    }
    set(amount_of(money));
    if (plan_.currency_column.empty()) return;
    const std::string shown = text::trim(plain_text(cosell::column(present_, plan_.currency_column)));
    const std::string now = shown.empty() && present_.contains(plan_.currency_column) ? plan_.currency : shown;
    if (now != money.currency) out_.columns[plan_.currency_column] = Value(money.currency);
  }

  void solutions(const std::vector<Solution>& list) {
    std::vector<std::string> ids;
    for (const Solution& s : list) ids.push_back(text::comparable(s.id));
    std::vector<std::string> written;
    std::vector<bool> said(ids.size(), false);
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (plan_.source.table.empty()) written.push_back(list[i].id);
      if (plan_.source.table.empty() || said[i]) continue;
      const auto* label = label_of(ids[i], ids);
      if (label == nullptr) return no_way_back(list[i].id);
      written.push_back(label->first);
      for (const std::string& meant : ids_of(*label)) {
        for (std::size_t n = 0; n < ids.size(); ++n) said[n] = said[n] || ids[n] == meant;
      }
    }
    set(text::join(written, plan_.separator));
  }

  static std::vector<std::string> ids_of(const std::pair<std::string, std::string>& entry) {
    std::vector<std::string> ids;
    for (const std::string& id : text::split(entry.second, ';')) {
      if (!text::trim(id).empty()) ids.push_back(text::comparable(text::trim(id)));
    }
    return ids;
  }

  // The entry that means the solution and the most of the others, and none that the deal does not have; the first one
  // of several.
  const std::pair<std::string, std::string>* label_of(const std::string& id,
                                                      const std::vector<std::string>& all) const {
    const auto among = [](const std::vector<std::string>& texts) {
      return [&texts](const std::string& t) { return std::find(texts.begin(), texts.end(), t) != texts.end(); };
    };
    const std::pair<std::string, std::string>* best = nullptr;
    std::size_t most = 0;
    for (const auto& entry : plan_.source.table.entries()) {
      const std::vector<std::string> meant = ids_of(entry);
      if (!among(meant)(id) || !std::all_of(meant.begin(), meant.end(), among(all)) || meant.size() <= most) continue;
      best = &entry;
      most = meant.size();
    }
    return best;
  }

  const FieldPlan& plan_;
  const Columns& present_;
  const Findings& files_;
  Mapping::Written& out_;
};

}  // namespace

void write_field(const FieldPlan& plan, const Value& value, const Columns& present, const Findings& files,
                 Mapping::Written& out) {
  FieldWriter(plan, present, files, out).write(value);
}

}  // namespace cosell::mapping
