// When two values are the same for the bridge, and how a value is shown to people.
#include "deal/value.h"

#include <algorithm>

#include "base/text.h"

namespace cosell {
namespace {

bool same_text(std::string_view a, std::string_view b) { return a == b || text::comparable(a) == text::comparable(b); }

// Null, blank text, an empty list and an unset tick mean the same: nothing is there (I-24).
bool is_empty(const Value& v) {
  if (const auto* s = std::get_if<std::string>(&v)) return text::trimmed(*s).empty();
  if (const auto* b = std::get_if<bool>(&v)) return !*b;
  if (const auto* people = std::get_if<std::vector<Person>>(&v)) return people->empty();
  if (const auto* solutions = std::get_if<std::vector<Solution>>(&v)) return solutions->empty();
  if (const Customer* c = customer_in(v)) return *c == Customer{};
  if (const auto* s = std::get_if<Stage>(&v)) return *s == Stage::none || *s == Stage::s10;  // S-11
  return is_blank(v);
}

// Members of a team carry no id: the e-mail address is the only usable key.
std::string key_of(const Person& p) {
  return text::lower_ascii(text::trim(p.email)) + '\n' + text::folded(p.first_name + " " + p.last_name);
}

bool same_person(const Person& a, const Person& b) {
  return text::equals_ignore_case(text::trim(a.email), text::trim(b.email)) && same_text(a.first_name, b.first_name) &&
         same_text(a.last_name, b.last_name) && same_text(a.phone, b.phone);
}

// The catalogue fills in name and type by itself; the id alone says which solution is meant.
std::string key_of(const Solution& s) {
  const std::string id = text::lower_ascii(text::trim(s.id));
  return id.empty() ? '\n' + text::comparable(s.name) : id;
}

bool same_solution(const Solution& a, const Solution& b) { return key_of(a) == key_of(b); }

template <class T, class Same>
bool same_without_order(std::vector<T> a, std::vector<T> b, Same same) {
  const auto by_key = [](const T& x, const T& y) { return key_of(x) < key_of(y); };
  std::stable_sort(a.begin(), a.end(), by_key);
  std::stable_sort(b.begin(), b.end(), by_key);
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

bool same_customer(const Customer& a, const Customer& b) {
  return same_text(a.name, b.name) && same_text(a.line1, b.line1) && same_text(a.line2, b.line2) &&
         same_text(a.city, b.city) && same_text(a.state, b.state) && same_text(a.postal_code, b.postal_code) &&
         text::equals_ignore_case(text::trim(a.country), text::trim(b.country));
}

// New/Pending and New/Received both wait for the same answer; no partner can tell the server which of them it is.
bool same_standing(const Standing& a, const Standing& b) {
  if (a.status == Status::fresh && b.status == Status::fresh) return true;
  return a.status == b.status && a.substatus == b.substatus && same_text(a.reason, b.reason);
}

bool is_text_like(const Value& v) {
  return std::holds_alternative<std::string>(v) || std::holds_alternative<Number>(v);
}

std::string display_standing(const Standing& s) {
  std::string out;
  switch (s.status) {
    case Status::fresh:
      return "waiting for an answer";
    case Status::active:
      return "active";
    case Status::closed:
      out = std::string("closed as ") + text::lower_ascii(name_of(s.substatus));
      break;
  }
  return s.reason.empty() ? out : out + " (" + s.reason + ")";
}

std::string display_person(const Person& p) {
  std::string out = text::trim(p.first_name + " " + p.last_name);
  if (!p.email.empty()) out += out.empty() ? p.email : " <" + p.email + ">";
  return out.empty() ? p.phone : out;
}

std::string display_solution(const Solution& s) {
  if (s.name.empty()) return s.id;
  return s.id.empty() ? s.name : s.name + " (" + s.id + ")";
}

std::string display_customer(const Customer& c) {
  std::vector<std::string> parts;
  const std::string town = text::trim(c.postal_code + " " + c.city);
  for (const std::string& part : {c.name, c.line1, c.line2, town, c.state, c.country}) {
    if (!part.empty()) parts.push_back(part);
  }
  return text::join(parts, ", ");
}

template <class T, class Show>
std::string display_list(const std::vector<T>& list, Show show) {
  std::vector<std::string> parts;
  for (const T& item : list) parts.push_back(show(item));
  return text::join(parts, "; ");
}

struct Display {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(bool b) const { return b ? "yes" : "no"; }
  std::string operator()(const Number& n) const { return n.text; }
  std::string operator()(const std::string& s) const { return s; }
  std::string operator()(Date d) const { return to_string(d); }
  std::string operator()(Instant t) const { return to_string_minutes(t); }
  std::string operator()(const Money& m) const { return to_string(m); }
  std::string operator()(Stage s) const {
    if (s == Stage::none) return "not reported";
    return std::string(stage_title(s)) + " (" + std::to_string(percent_of(s)) + " %)";
  }
  std::string operator()(const Standing& s) const { return display_standing(s); }
  std::string operator()(const std::vector<Person>& p) const { return display_list(p, display_person); }
  std::string operator()(const std::vector<Solution>& s) const { return display_list(s, display_solution); }
  std::string operator()(const Customer& c) const { return display_customer(c); }
};

}  // namespace

const Customer* customer_in(const Value& v) {
  const auto* shared = std::get_if<SharedCustomer>(&v);
  return shared == nullptr ? nullptr : &static_cast<const Customer&>(*shared);
}

std::string display(const Value& v) {
  std::string shown = std::visit(Display{}, v);
  return text::trim(shown).empty() ? "(empty)" : shown;
}

bool same_value(const Value& a, const Value& b) {
  const auto either_is_stage = std::holds_alternative<Stage>(a) || std::holds_alternative<Stage>(b);
  if (is_empty(a) && is_empty(b)) {
    // An unset tick equals a blank, and an unreported stage equals 10, but a tick is never a stage.
    const auto stage_or_blank = [](const Value& v) { return is_blank(v) || std::holds_alternative<Stage>(v); };
    return !either_is_stage || (stage_or_blank(a) && stage_or_blank(b));
  }
  if (is_text_like(a) && is_text_like(b)) return same_text(text_of(a), text_of(b));
  if (a.index() != b.index()) {
    if (const auto* day = std::get_if<Date>(&a)) {
      const auto* time = std::get_if<Instant>(&b);
      return time != nullptr && date_of(*time) == *day;
    }
    return std::holds_alternative<Date>(b) && std::holds_alternative<Instant>(a) && same_value(b, a);
  }
  if (const auto* people = std::get_if<std::vector<Person>>(&a)) {
    return same_without_order(*people, std::get<std::vector<Person>>(b), same_person);
  }
  if (const auto* solutions = std::get_if<std::vector<Solution>>(&a)) {
    return same_without_order(*solutions, std::get<std::vector<Solution>>(b), same_solution);
  }
  if (const Customer* customer = customer_in(a)) return same_customer(*customer, *customer_in(b));
  if (const auto* standing = std::get_if<Standing>(&a)) return same_standing(*standing, std::get<Standing>(b));
  return a == b;
}

std::string text_of(const Value& v) {
  if (const auto* s = std::get_if<std::string>(&v)) return *s;
  if (const auto* n = std::get_if<Number>(&v)) return n->text;
  return "";
}

}  // namespace cosell
