// Reads "fields" into plans. The shape of every entry has been checked before; here the parts are checked against each
// other: sources, directions, dates, currencies, countries.
#include "mapping/fields.h"

#include <algorithm>

#include "base/text.h"
#include "mapping/countries.h"
#include "mapping/stages.h"

namespace cosell::mapping {
namespace {

FieldKind kind_of(Field f) {
  switch (f) {
    case Field::value:
      return FieldKind::money;
    case Field::close_date:
      return FieldKind::date;
    case Field::customer:
      return FieldKind::customer;
    case Field::customer_contacts:
    case Field::team:
      return FieldKind::people;
    case Field::solutions:
      return FieldKind::solutions;
    case Field::visible:
    case Field::consent_contact:
      return FieldKind::flag;
    default:
      return FieldKind::text;
  }
}

// Fields that a CRM only gives: they are about the company, or Partner Center fixes them with the deal.
bool only_to_partner_center(Field f) {
  switch (f) {
    case Field::customer:
    case Field::customer_contacts:
    case Field::team:
      return true;
    default:
      return false;
  }
}

bool usually_to_partner_center(Field f) {
  switch (f) {
    case Field::solutions:
    case Field::location:
    case Field::crm_id:
    case Field::help:
    case Field::help_notes:
    case Field::consent_contact:
    case Field::type:
      return true;
    default:
      return only_to_partner_center(f);
  }
}

template <class Enum, std::size_t N>
std::optional<Enum> by_name(const std::array<Enum, N>& all, const std::string& name) {
  for (const Enum e : all) {
    if (name == name_of(e)) return e;
  }
  return std::nullopt;
}

constexpr std::array<Direction, 4> kDirections = {Direction::both, Direction::to_partner_center, Direction::to_crm,
                                                  Direction::off};
constexpr std::array<ConflictRule, 6> kConflicts = {
    ConflictRule::crm,    ConflictRule::partner_center,          ConflictRule::furthest_stage,
    ConflictRule::latest, ConflictRule::prefer_crm_unless_blank, ConflictRule::ask};
constexpr std::array<FirstLink, 3> kFirstLinks = {FirstLink::crm, FirstLink::partner_center, FirstLink::ask};

class FieldReader {
 public:
  FieldReader(const Node& node, Field field, Findings& findings) : node_(node), findings_(findings) {
    plan_.rule.field = field;
    plan_.kind = kind_of(field);
    plan_.at = node.key_at;
  }

  FieldPlan read() {
    switch (plan_.kind) {
      case FieldKind::people:
        people();
        break;
      case FieldKind::customer:
        customer();
        break;
      case FieldKind::text:
      case FieldKind::date:
      case FieldKind::money:
      case FieldKind::flag:
      case FieldKind::solutions:
        plain();
        break;
    }
    rules();
    return std::move(plan_);
  }

 private:
  std::string name() const { return "\"" + node_.key + "\""; }

  void plain() {
    plan_.source = read_source(node_, false);
    statement();
    if (const Node* constant = node_.find("constant")) this->constant(*constant);
    if (const Node* fallback = node_.find("default")) this->fallback(*fallback);
    if (const Node* separator = node_.find("separator")) plan_.separator = separator->text;
    if (plan_.kind == FieldKind::money) currency();
    const bool constant = plan_.source.constant.has_value() || !plan_.solutions.empty();
    const int sources = static_cast<int>(node_.find("column") != nullptr) +
                        static_cast<int>(node_.find("columns") != nullptr) +
                        static_cast<int>(node_.find("join") != nullptr) + static_cast<int>(constant) +
                        static_cast<int>(plan_.statement);
    if (sources > 1) {
      findings_.error(
          node_.at, "two-sources", name() + " has more than one source",
          "keep one of \"column\", \"columns\", \"join\" and \"constant\"; \"default\" fills an empty column");
    }
    if (sources == 0 && !node_.is_text() && !plan_.fallback) {
      const bool consent = plan_.rule.field == Field::consent_contact;
      findings_.error(node_.at, "no-source", name() + " does not say where its value comes from",
                      consent ? "add \"column\", or \"statement\" with \"signed_by\" and \"date\"" : "add \"column\"");
    }
  }

  void statement() {
    const Node* date = node_.find("date");
    plan_.statement = node_.find("statement") != nullptr;
    plan_.signed_by = node_.text_of("signed_by");
    if (date == nullptr) return;
    plan_.signed_on = parse_date(date->text);
    plan_.signed_on_at = date->at;
    if (!plan_.signed_on) {
      findings_.error(date->at, "bad-date", "\"" + date->text + "\" is no date", "write it as 2026-11-30");
    }
  }

  void constant(const Node& constant) {
    if (plan_.rule.field == Field::location &&
        text::trim(constant.scalar()).find_first_not_of("0123456789") != std::string::npos) {
      findings_.warning(constant.at, "bad-location",
                        "\"" + constant.scalar() + "\" is no PartnerID, by which Partner Center knows a location",
                        "write its digits, such as \"1234567\"");
    }
    if (plan_.kind == FieldKind::date && !parse_date(constant.text)) {
      findings_.error(constant.at, "bad-date", "\"" + constant.text + "\" is no date", "write it as 2026-11-30");
    }
    if (plan_.kind != FieldKind::solutions) return;
    for (const Node& item : constant.children) {
      if (item.is_text()) {
        plan_.solutions.push_back({item.text, "", "Name"});
      } else {
        const std::string type = item.text_of("type");
        plan_.solutions.push_back({item.text_of("id"), item.text_of("name"), type.empty() ? "Name" : type});
      }
    }
  }

  void fallback(const Node& node) {
    if (node.is_object()) {
      plan_.fallback = Default::of_table(read_source(node, false));
      if (const Node* values = node.find("values")) check_results(*values);
      if (const Node* otherwise = node.find("else")) check_result(*otherwise);
      return;
    }
    std::string written = node.scalar();
    for (const Node& item : node.children) written += (written.empty() ? "" : ";") + item.scalar();
    if (plan_.kind == FieldKind::date) {
      plan_.fallback = Default::of_date(written);
      if (plan_.fallback) return;
      findings_.error(node.at, "bad-default", "\"" + written + "\" is no rule for a date",
                      "write \"today + 90d\", \"{Column} + 30d\" or a date like 2026-11-30");
      return;
    }
    if (written.find('{') == std::string::npos) check_result(node);
    plan_.fallback = Default::of_text(written);
  }

  void check_results(const Node& values) {
    for (const Node& entry : values.children) check_result(entry);
  }

  // A value that a default gives must be of the field's type.
  void check_result(const Node& node) {
    const std::string written = node.scalar();
    if (plan_.kind == FieldKind::money && !parse_number(written)) {
      findings_.error(node.at, "bad-default", "\"" + written + "\" is no amount", "write a number like 12500.50");
    }
    if (plan_.kind == FieldKind::date && !parse_date(written)) {
      findings_.error(node.at, "bad-default", "\"" + written + "\" is no date", "write it as 2026-11-30");
    }
  }

  void currency() {
    plan_.currency_column = node_.text_of("currency_column");
    const Node* fixed = node_.find("currency");
    if (fixed != nullptr) {
      plan_.currency = text::trim(fixed->text);
      std::transform(plan_.currency.begin(), plan_.currency.end(), plan_.currency.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
      if (!currency_exponent(plan_.currency)) {
        findings_.error(fixed->at, "unknown-currency", "\"" + fixed->text + "\" is no currency of ISO 4217",
                        "for a column write \"currency_column\": \"" + fixed->text + "\"");
      }
    }
    if (plan_.currency.empty() && plan_.currency_column.empty()) {
      findings_.error(node_.at, "no-currency", name() + " has no currency",
                      "add \"currency_column\": \"…\" or a fixed \"currency\": \"EUR\"");
    }
  }

  void people() {
    const Node* list = node_.is_array() ? &node_ : node_.find("people");
    if (list == nullptr) {
      return findings_.error(node_.at, "no-source", name() + " names nobody", "add \"people\": [ { … } ]");
    }
    for (const Node& entry : list->children) {
      PersonPlan person;
      const auto part = [&entry](const char* key) {
        const Node* found = entry.find(key);
        return found == nullptr ? Source{} : read_source(*found, true);
      };
      person.first = part("first");
      person.last = part("last");
      person.name = part("name");
      person.phone = part("phone");
      person.email = part("email");
      if (entry.find("name") != nullptr && (entry.find("first") != nullptr || entry.find("last") != nullptr)) {
        findings_.error(entry.at, "two-sources", "a person has either \"name\" or \"first\" and \"last\"",
                        "\"name\" is for one column with the full name");
      }
      plan_.people.push_back(std::move(person));
    }
  }

  void customer() {
    for (const char* part : kCustomerParts) {
      const Node* found = node_.find(part);
      if (found == nullptr) continue;
      plan_.parts[part] = read_source(*found, true);
      if (std::string_view(part) == "country" && found->is_object()) countries(*found);
    }
    if (plan_.parts.find("name") == plan_.parts.end()) {
      findings_.error(node_.at, "no-source", "\"customer\" does not say where the customer's name is",
                      "add \"name\": \"…\"");
    }
  }

  void countries(const Node& country) {
    const auto check = [this](const Node& node) {
      if (!country_code(node.text).empty()) return;
      findings_.error(node.at, "unknown-country", "\"" + node.text + "\" is no country of ISO 3166",
                      "write a two-letter code like \"DE\"");
    };
    for (const char* key : {"else", "default", "constant"}) {
      if (const Node* found = country.find(key)) check(*found);
    }
    if (const Node* values = country.find("values")) {
      for (const Node& entry : values->children) check(entry);
    }
  }

  void rules() {
    const Field field = plan_.rule.field;
    const bool one_way = usually_to_partner_center(field) || !plan_.source.is_writable();
    plan_.rule.direction = one_way ? Direction::to_partner_center : Direction::both;
    const std::vector<std::string> columns = plan_.columns();
    plan_.rule.column = columns.empty() ? "" : columns.front();
    if (node_.is_object()) read_rule(node_, plan_.rule);
    const Node* direction = node_.find("direction");
    const bool to_crm = plan_.rule.direction == Direction::both || plan_.rule.direction == Direction::to_crm;
    if (to_crm && (only_to_partner_center(field) || !plan_.source.is_writable())) {
      findings_.error(direction == nullptr ? node_.at : direction->at, "not-writable",
                      name() + " cannot be written to the CRM: " + why_not_writable(),
                      "write \"direction\": \"to_partner_center\"");
    }
    const Node* conflict = node_.find("conflict");
    if (plan_.rule.conflict == ConflictRule::furthest_stage) {
      findings_.error(conflict == nullptr ? node_.at : conflict->at, "rule-not-possible",
                      "\"furthest_stage\" is a rule for stages; " + name() + " has none",
                      "use crm, partner_center, prefer_crm_unless_blank or ask");
    }
    const std::string ambiguous = plan_.source.table.ambiguous();
    if (to_crm && !ambiguous.empty()) {
      const Node* values = node_.find("values");
      findings_.warning(values->key_at, "ambiguous-value",
                        "several CRM values of " + name() + " mean \"" + ambiguous + "\"; \"" +
                            *plan_.source.table.inverse(ambiguous) + "\", the first one, is written",
                        "put the value to be written first");
    }
  }

  std::string why_not_writable() const {
    if (only_to_partner_center(plan_.rule.field)) return "it belongs to other records";
    if (!plan_.source.has_column()) return "it has no column";
    if (plan_.source.joined) return "it is joined from several columns";
    return plan_.source.columns.front() + " is a column of another record";
  }

  const Node& node_;
  Findings& findings_;
  FieldPlan plan_;
};

void append(std::vector<std::string>& out, const Source& source) {
  out.insert(out.end(), source.columns.begin(), source.columns.end());
}

}  // namespace

std::string& part_of(Customer& customer, std::string_view name) {
  if (name == "name") return customer.name;
  if (name == "line1") return customer.line1;
  if (name == "line2") return customer.line2;
  if (name == "city") return customer.city;
  if (name == "state") return customer.state;
  if (name == "postal_code") return customer.postal_code;
  return customer.country;
}

const std::string& part_of(const Customer& customer, std::string_view name) {
  return part_of(const_cast<Customer&>(customer), name);  // the same choice, only read
}

bool FieldPlan::reads_columns() const { return source.has_column() || !people.empty() || !parts.empty(); }

bool FieldPlan::is_shown_by(const Columns& opportunity) const {
  bool names_columns = false;
  const auto there = [&](const Source& s) {
    names_columns = names_columns || s.has_column();
    return std::any_of(s.columns.begin(), s.columns.end(),
                       [&](const std::string& c) { return opportunity.contains(c); });
  };
  const bool any =
      there(source) ||
      std::any_of(people.begin(), people.end(),
                  [&](const PersonPlan& p) {
                    return there(p.first) || there(p.last) || there(p.name) || there(p.phone) || there(p.email);
                  }) ||
      std::any_of(parts.begin(), parts.end(), [&](const auto& part) { return there(part.second); });
  return any || !names_columns;
}

bool FieldPlan::sends_columns_at_creation() const {
  if (rule.direction == Direction::off) return false;
  if (rule.direction != Direction::to_crm) return true;
  switch (rule.field) {
    case Field::name:
    case Field::value:
    case Field::close_date:
    case Field::solutions:
    case Field::marketplace_intent:
    case Field::location:
    case Field::consent_contact:
      return true;
    default:
      return false;
  }
}

std::vector<std::string> FieldPlan::columns() const {
  std::vector<std::string> out;
  append(out, source);
  if (!currency_column.empty()) out.push_back(currency_column);
  for (const PersonPlan& p : people) {
    for (const Source* s : {&p.first, &p.last, &p.name, &p.phone, &p.email}) append(out, *s);
  }
  for (const auto& part : parts) append(out, part.second);
  if (fallback) {
    const auto more = fallback->columns();
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

void read_rule(const Node& node, FieldRule& rule) {
  if (const auto d = by_name(kDirections, node.text_of("direction"))) rule.direction = *d;
  if (const auto c = by_name(kConflicts, node.text_of("conflict"))) rule.conflict = *c;
  if (const auto f = by_name(kFirstLinks, node.text_of("first_link"))) rule.first_link = *f;
  if (const Node* n = node.find("create_only")) rule.create_only = n->flag;
  if (const Node* n = node.find("required")) rule.required = n->flag;
}

std::vector<FieldPlan> read_fields(const Node* fields, Findings& findings) {
  std::vector<FieldPlan> plans;
  if (fields == nullptr) return plans;
  for (const Node& node : fields->children) {
    const auto field = field_from(node.key);
    if (!field || node.is_null()) continue;
    plans.push_back(FieldReader(node, *field, findings).read());
  }
  return plans;
}

}  // namespace cosell::mapping
