// The required fields of a new referral (R-1..R-11 and the list of 2023), checked before any call is made.
#include "deal/preflight.h"

#include <algorithm>

#include "base/text.h"

namespace cosell {
namespace {

constexpr std::size_t kMaxListed = 50;  // solutions and team members per deal

bool blank(std::string_view s) { return text::trim(s).empty(); }

bool is_country_code(std::string_view s) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  return s.size() == 2 && upper(s[0]) && upper(s[1]);
}

class Preflight {
 public:
  Preflight(const Deal& deal, const RulePack& rules) : deal_(deal), rules_(rules) {}

  std::vector<Missing> run() {
    customer();
    if (is_empty(Field::name)) add(Field::name, "R-3", "a name");
    if (rules_.location_required && is_empty(Field::location)) {
      add(Field::location, "R-4", "the location (PartnerID) that owns the deal");
    }
    value();
    if (!std::holds_alternative<Date>(deal_.get(Field::close_date))) {
      add(Field::close_date, "R-6", "an estimated close date");
    }
    if (rules_.notes_required && is_empty(Field::notes)) add(Field::notes, "R-9", "notes");
    team();
    solutions();
    marketplace_intent();
    if (!is_empty(Field::help)) help();
    if (!deal_.flag(Field::consent_contact)) {
      add(Field::consent_contact, "R-2", "the consent to share customer and partner contacts");
    }
    return std::move(missing_);
  }

 private:
  void add(Field field, const char* rule, std::string what, const char* part = "") {
    missing_.push_back({field, rule, std::move(what), part});
  }

  bool is_empty(Field f) const { return blank(text_of(deal_.get(f))); }

  void customer() {
    const Customer* c = customer_in(deal_.get(Field::customer));
    if (c == nullptr) return add(Field::customer, "R-1", "a customer");
    if (blank(c->name)) add(Field::customer, "R-1", "the customer's name", "name");
    if (blank(c->line1)) add(Field::customer, "R-1", "the first line of the customer's address", "line1");
    if (blank(c->city)) add(Field::customer, "R-1", "the customer's city", "city");
    if (!is_country_code(c->country)) {
      add(Field::customer, "R-1", "the customer's country (two letters, ISO 3166)", "country");
    }
  }

  void value() {
    const auto* m = std::get_if<Money>(&deal_.get(Field::value));
    if (m == nullptr || m->minor <= 0) return add(Field::value, "R-5", "an estimated value above 0");
    if (!currency_exponent(m->currency)) add(Field::value, "R-5", "the currency of the value", "currency");
  }

  // a person counts only with all four parts.
  void person(Field field, const char* rule, const char* whose, const Person& p) {
    const auto need = [&](const std::string& text, const char* what, const char* part) {
      if (blank(text)) add(field, rule, std::string(what) + whose, part);
    };
    need(p.first_name, "the first name of ", "first_name");
    need(p.last_name, "the last name of ", "last_name");
    need(p.phone, "the phone number of ", "phone");
    need(p.email, "the e-mail address of ", "email");
  }

  static bool complete(const Person& p) {
    return !blank(p.first_name) && !blank(p.last_name) && !blank(p.phone) && !blank(p.email);
  }

  // One complete person is enough; else what the first one lacks is named.
  void people(Field field, const char* rule, const char* whose) {
    const auto* list = std::get_if<std::vector<Person>>(&deal_.get(field));
    if (list == nullptr || list->empty()) {
      return add(field, rule, std::string("first name, last name, phone and e-mail of ") + whose);
    }
    if (std::none_of(list->begin(), list->end(), complete)) person(field, rule, whose, list->front());
    if (list->size() > kMaxListed) add(field, rule, "at most 50 people in the list");
  }

  void team() {
    if (rules_.team_required) people(Field::team, "R-10", "a team member");
  }

  void solutions() {
    if (!rules_.solution_required) return;
    const auto* list = std::get_if<std::vector<Solution>>(&deal_.get(Field::solutions));
    const bool any_id =
        list != nullptr && std::any_of(list->begin(), list->end(), [](const Solution& s) { return !blank(s.id); });
    if (!any_id) return add(Field::solutions, "R-11", "a solution with its id (SOL-…)");
    if (list->size() > kMaxListed) add(Field::solutions, "R-11", "at most 50 solutions");
  }

  void marketplace_intent() {
    if (!rules_.marketplace_intent_required) return;
    const std::string intent = deal_.text(Field::marketplace_intent);
    if (intent == "Yes" || intent == "No" || intent == "HaveNotDecided") return;
    add(Field::marketplace_intent, "2023-04", "the intent to buy through the marketplace (Yes, No or HaveNotDecided)");
  }

  void help() {
    people(Field::customer_contacts, "R-2", "a customer contact");
    if (is_empty(Field::help_notes) && is_empty(Field::notes)) {
      add(Field::help_notes, "T-7", "notes that say what help is wanted");
    }
  }

  const Deal& deal_;
  const RulePack& rules_;
  std::vector<Missing> missing_;
};

}  // namespace

std::vector<Missing> missing_for_create(const Deal& deal, const RulePack& rules) {
  return Preflight(deal, rules).run();
}

}  // namespace cosell
