// CRM columns to deal values. What cannot be understood becomes a problem that names column, value and the line of
// the mapping to change; nothing is guessed.
#include <algorithm>

#include "base/text.h"
#include "mapping/countries.h"
#include "mapping/fields.h"

namespace cosell::mapping {
namespace {

constexpr std::array<const char*, 6> kHelpCodes = {"WorkloadSpecificValueProposition",
                                                   "CustomerTechnicalArchitecture",
                                                   "ProofOfConceptOrDemo",
                                                   "QuotesOrLicensing",
                                                   "PostSalesCustomerSuccess",
                                                   "GeneralOrOther"};
constexpr std::array<const char*, 3> kIntents = {"Yes", "No", "HaveNotDecided"};
// Types that a company tells apart from its ordinary deals, whose type follows from visibility and help (T-6).
constexpr const char* kOrdinary = "ordinary";
constexpr std::array<const char*, 3> kTypes = {kOrdinary, "partner to partner", "solution assessment"};

Value text_value(std::string s) {
  if (text::trimmed(s).empty()) return {};
  return Value(std::move(s));
}

// The code that a text spells, apart from blanks, hyphens and case; "" when it is none of them.
template <std::size_t N>
std::string code_from(const std::array<const char*, N>& codes, std::string_view written) {
  const auto compact = [](std::string_view s) {
    std::string out;
    for (const char c : s) {
      if (c != ' ' && c != '-' && c != '_') out += c;
    }
    return out;
  };
  const std::string wanted = compact(written);
  if (wanted.empty()) return "";
  for (const char* code : codes) {
    if (text::equals_ignore_case(wanted, compact(code))) return code;
  }
  return "";
}

std::optional<bool> flag_from(const Value& v, const std::string& written) {
  if (const auto* b = std::get_if<bool>(&v)) return *b;
  for (const char* yes : {"true", "yes", "1"}) {
    if (text::equals_ignore_case(written, yes)) return true;
  }
  for (const char* no : {"false", "no", "0"}) {
    if (text::equals_ignore_case(written, no)) return false;
  }
  return std::nullopt;
}

// "Jr.", "Dr., MBA": what stands behind a name and is none.
bool follows_a_name(const std::string& words) {
  constexpr std::array<const char*, 14> kKnown = {"jr",  "sr",  "ii",  "iii", "iv",  "phd", "md",
                                                  "mba", "esq", "cpa", "dr",  "msc", "bsc", "dds"};
  const std::string first = text::trim(std::string_view(words).substr(0, words.find(',')));
  const std::string bare = text::lower_ascii(text::replace_all(text::replace_all(first, ".", ""), " ", ""));
  return std::find(kKnown.begin(), kKnown.end(), bare) != kKnown.end();
}

std::vector<Solution> solutions_from(const std::string& ids, const std::string& separator) {
  std::vector<Solution> solutions;
  std::string_view rest = ids;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(separator), rest.size());
    const std::string id = text::trim(rest.substr(0, end));
    const bool known = std::any_of(solutions.begin(), solutions.end(), [&](const Solution& s) { return s.id == id; });
    if (!id.empty() && !known) solutions.push_back({id, "", "Name"});
    rest.remove_prefix(std::min(end + separator.size(), rest.size()));
  }
  return solutions;
}

template <class List>
Value list_value(List list) {
  if (list.empty()) return {};
  return Value(std::move(list));
}

class FieldColumns {
 public:
  FieldColumns(const FieldPlan& plan, const Columns& columns, const Findings& files)
      : plan_(plan), columns_(columns), files_(files) {}

  FieldRead read() {
    switch (plan_.kind) {
      case FieldKind::text:
        text_field();
        break;
      case FieldKind::date:
        date();
        break;
      case FieldKind::money:
        money();
        break;
      case FieldKind::flag:
        flag();
        break;
      case FieldKind::people:
        people();
        break;
      case FieldKind::solutions:
        solutions();
        break;
      case FieldKind::customer:
        customer();
        break;
    }
    return std::move(out_);
  }

 private:
  void problem(const char* code, const Source& source, const std::string& written, const std::string& what) {
    if (out_.problem) return;  // the first one is enough: the whole field waits for it
    std::string column = source.columns.empty() ? std::string(info(plan_.rule.field).label) : source.columns.front();
    for (const std::string& name : source.columns) {
      if (plain_text(cosell::column(columns_, name)) == written) column = name;
    }
    const Origin at = source.at.line == 0 ? plan_.at : source.at;
    out_.problem = ReadDeal::Problem{plan_.rule.field, code,
                                     column + " \"" + written + "\" " + what + " (" + files_.place(at) + ")"};
    out_.value = {};
  }

  void unknown_value(const Source& source, const TextRead& read) {
    problem("unknown-value", source, read.written,
            "is not in the table of \"" + std::string(info(plan_.rule.field).name) + "\"");
  }

  void text_field() {
    TextRead read = read_text(plan_.source, columns_);
    if (!read.known) {
      // A column may hold the codes themselves beside the labels of the table.
      const std::string code = canonical(read.written);
      if (code.empty()) return unknown_value(plan_.source, read);
      read.text = code;
    }
    const Field field = plan_.rule.field;
    if (field == Field::help || field == Field::marketplace_intent || field == Field::type) {
      const std::string code = canonical(read.text);
      if (code.empty() && !text::trim(read.text).empty()) return unknown_value(plan_.source, read);
      read.text = code == kOrdinary ? "" : code;
    }
    out_.value = text_value(std::move(read.text));
  }

  std::string canonical(const std::string& written) const {
    if (plan_.rule.field == Field::help) return code_from(kHelpCodes, written);
    if (plan_.rule.field == Field::marketplace_intent) return code_from(kIntents, written);
    if (plan_.rule.field == Field::type) return code_from(kTypes, written);
    return "";
  }

  void date() {
    const Value& v = first_value(plan_.source, columns_);
    if (is_blank(v)) return;
    const auto date = date_from(v);
    if (!date) return problem("bad-date", plan_.source, plain_text(v), "is no date");
    out_.value = *date;
  }

  void money() {
    const Value& v = first_value(plan_.source, columns_);
    if (is_blank(v)) return;
    const std::string written = plain_text(v);
    const auto amount = parse_number(written);
    if (!amount) return problem("bad-number", plan_.source, written, "is no amount");
    const std::string shown = plan_.currency_column.empty() ? "" : plain_text(column(columns_, plan_.currency_column));
    const std::string currency = text::trim(shown).empty() ? plan_.currency : text::trim(shown);
    if (currency.empty()) {
      return problem("no-currency", plan_.source, written, "has no currency: " + plan_.currency_column + " is empty");
    }
    if (!currency_exponent(currency)) {
      return problem("unknown-currency", plan_.source, written, "has an unknown currency \"" + currency + "\"");
    }
    const auto money = money_from(*amount, currency);
    if (!money) return problem("bad-number", plan_.source, written, "is too large for an amount");
    out_.value = *money;
  }

  void flag() {
    if (!plan_.source.has_column()) return;
    const Value& v = first_value(plan_.source, columns_);
    const TextRead read = read_text(plan_.source, columns_);
    if (!read.known) return unknown_value(plan_.source, read);
    if (read.text.empty()) return;
    const auto flag = plan_.source.table.empty() ? flag_from(v, read.text) : flag_from(Value(), read.text);
    if (!flag) return problem("bad-value", plan_.source, read.text, "is neither yes nor no");
    out_.value = *flag;
  }

  void people() {
    std::vector<Person> people;
    for (const PersonPlan& plan : plan_.people) {
      Person p = person(plan);
      if (text::trimmed(p.first_name + p.last_name + p.email).empty()) continue;
      const bool known = std::any_of(people.begin(), people.end(), [&](const Person& other) {
        return !p.email.empty() && text::equals_ignore_case(other.email, p.email);
      });
      if (!known) people.push_back(std::move(p));
    }
    if (!out_.problem) out_.value = list_value(std::move(people));
  }

  Person person(const PersonPlan& plan) {
    Person p{part(plan.first), part(plan.last), part(plan.phone), part(plan.email)};
    const std::string full = part(plan.name);
    if (full.empty()) return p;
    // "Berg, Ida": the family name comes first. "King, Jr." has no given name behind the comma.
    const std::size_t comma = full.find(',');
    const std::string behind = comma == std::string::npos ? "" : text::trim(full.substr(comma + 1));
    const std::string before = text::trim(full.substr(0, comma));
    if (!before.empty() && !behind.empty() && !follows_a_name(behind)) {
      p.last_name = before;
      p.first_name = behind;
      return p;
    }
    // "Maria del Carmen Ruiz": the last word is the family name; a single word is one as well.
    const std::string name = before.empty() ? full : before;
    const std::size_t blank = name.find_last_of(' ');
    p.last_name = blank == std::string::npos ? name : name.substr(blank + 1);
    if (blank != std::string::npos) p.first_name = text::trim(name.substr(0, blank));
    if (!before.empty() && !behind.empty()) p.last_name += ", " + behind;
    return p;
  }

  // A part of a person or customer. A table that does not have the value is a problem of the whole field.
  std::string part(const Source& source) {
    if (source.constant) return *source.constant;
    const TextRead read = read_text(source, columns_);
    if (!read.known) unknown_value(source, read);
    return text::trim(read.text);
  }

  void solutions() {
    const Source& source = plan_.source;
    TextRead read = read_text(source, columns_);
    const bool listed = read.known && (source.table.empty() || read.written.empty());
    if (!listed && source.table.find(read.written) == nullptr) {
      // Several labels in one column, each with its own entry.
      read.text.clear();
      for (const Solution& label : solutions_from(read.written, plan_.separator)) {
        const std::string* own = source.table.find(label.id);
        if (own == nullptr && !source.otherwise) return unknown_value(source, read);
        read.text += (own == nullptr ? *source.otherwise : *own) + kListed;
      }
    }
    out_.value = list_value(solutions_from(read.text, source.table.empty() ? plan_.separator : kListed));
  }

  void customer() {
    Customer customer;
    bool any = false;
    for (const auto& [name, source] : plan_.parts) {
      std::string text = name == "country" ? country(source) : part(source);
      any = any || !plain_text(first_value(source, columns_)).empty();
      part_of(customer, name) = std::move(text);
    }
    // An opportunity without an account has no customer, whatever the constants say.
    if (out_.problem || !any) return;
    out_.value = std::move(customer);
  }

  std::string country(const Source& source) {
    if (source.constant) return country_code(*source.constant);
    const std::string written = plain_text(first_value(source, columns_));
    if (text::trim(written).empty()) return country_code(source.fallback.value_or(""));
    if (const std::string* own = source.table.find(written)) return country_code(*own);
    std::string code = country_code(written);
    if (code.empty() && source.otherwise) code = country_code(*source.otherwise);
    if (code.empty()) {
      problem("unknown-country", source, written, "is no country that is known; add it to \"values\" of the country");
    }
    return code;
  }

  static inline const std::string kListed = ";";  // how a table of this program joins several ids
  const FieldPlan& plan_;
  const Columns& columns_;
  const Findings& files_;
  FieldRead out_;
};

// A constant or default text as the field's type.
Value typed(const FieldPlan& plan, const std::string& text, const Columns& columns) {
  switch (plan.kind) {
    case FieldKind::text:
      return text_value(text);
    case FieldKind::date: {
      const auto date = parse_date(text);
      return date ? Value(*date) : Value();
    }
    case FieldKind::money: {
      const std::string shown = text::trim(plain_text(column(columns, plan.currency_column)));
      const auto amount = parse_number(text);
      const auto money = amount ? money_from(*amount, shown.empty() ? plan.currency : shown) : std::nullopt;
      return money ? Value(*money) : Value();
    }
    case FieldKind::flag: {
      const auto flag = flag_from(Value(), text);
      return flag ? Value(*flag) : Value();
    }
    case FieldKind::solutions:
      return list_value(solutions_from(text, ";"));
    case FieldKind::people:
    case FieldKind::customer:
      return {};
  }
  return {};
}

}  // namespace

FieldRead read_field(const FieldPlan& plan, const Columns& columns, const Findings& files) {
  return FieldColumns(plan, columns, files).read();
}

Value value_for_create(const FieldPlan& plan, const Columns& columns, Date today) {
  if (plan.statement) return plan.is_signed_later(today) ? Value() : Value(true);
  if (!plan.solutions.empty()) return Value(plan.solutions);
  if (plan.source.constant) return typed(plan, *plan.source.constant, columns);
  if (!plan.fallback) return {};
  const auto text = plan.fallback->evaluate(columns, today);
  return text ? typed(plan, *text, columns) : Value();
}

}  // namespace cosell::mapping
