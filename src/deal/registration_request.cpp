// The rules of a registration's contract and dates, one function each.
#include "deal/registration_request.h"

#include <algorithm>

#include "base/text.h"
#include "deal/registration.h"

namespace cosell {

namespace {

namespace stated = registration_column;

struct ColumnWords {
  const char* name;
  const char* label;
  const char* wanted;  // what to state; nullptr: nothing has to be
};

constexpr ColumnWords kColumns[] = {
    {stated::value, "contract value", "the value of the contract"},
    {stated::signed_on, "contract signed on", "the day on which the contract was signed"},
    {stated::starts, "contract starts on", "the day on which the contract starts"},
    {stated::ends, "contract ends on", "the day on which the contract ends, or that it has no end"},
    {stated::solution, "registered solution", "which solution of the deal was sold"},
    {stated::solution_value, "value of the solution", "the solution's part of the contract's value"},
    {stated::on_azure, "runs on Azure", "whether the solution runs on Azure"},
    {stated::deployed_at, "deployed at", "where the solution is deployed (customer or partner)"},
    {stated::pricing, "pricing model", "how the solution is paid for (pay-as-you-go or other)"},
    {stated::marketplace_date, "sold through the marketplace on", nullptr}};

constexpr std::int64_t kManualReviewUsd = 1'000'000;  // a year

const Date* date_in(const Columns& columns, const char* name) { return std::get_if<Date>(&column(columns, name)); }
const Money* money_in(const Columns& columns, const char* name) { return std::get_if<Money>(&column(columns, name)); }

// By how many days more than `most` the day lies back.
std::int64_t days_beyond(Date day, Date today, Duration most) {
  const std::int64_t beyond = days(days_between(day, today)).ms - most.ms;
  return (beyond + days(1).ms - 1) / days(1).ms;
}

class Judge {
 public:
  Judge(const Columns& registration, const Deal& referral, const RulePack& rules)
      : registration_(registration), referral_(referral), rules_(rules) {}

  std::vector<Objection> run(std::optional<Instant> invited, Date today) {
    deal();
    values();
    signature(invited, today);
    term(today);
    solution();
    return std::move(objections_);
  }

 private:
  void refuse(const char* rule, std::string text) { objections_.push_back({rule, std::move(text), false}); }
  void warn(const char* rule, std::string text) { objections_.push_back({rule, std::move(text), true}); }

  // Days are counted in UTC. Where the contract was signed it may be the day before or the day after, and by whose day
  // Microsoft judges is not published: what is off by a single day is Microsoft's to refuse.
  void judge_days(std::int64_t off_by, const std::string& text) {
    if (off_by > 1) refuse("2.9", text);
    if (off_by == 1) warn("2.9", text + ", counted in days of UTC; Microsoft may refuse it");
  }

  // G-1 to G-3: the deal itself. What is not known is Microsoft's to judge.
  void deal() {
    const auto standing = referral_.standing();
    if (!standing || standing->substatus != Substatus::won) {
      refuse("G-1", "only a deal that is won in Partner Center is registered");
    }
    const RegistrationOutlook outlook = registration_outlook(referral_, rules_);
    for (const Eligibility& e : outlook.rules) {
      if (e.answer == Answer::no) refuse(e.rule.c_str(), e.text);
    }
    const auto* created = std::get_if<Instant>(&referral_.get(Field::created_at));
    const auto* closed = std::get_if<Instant>(&referral_.get(Field::closed_at));
    if (created != nullptr && closed != nullptr && *closed - *created < rules_.clocks.won_after) {
      warn("G-3", "the deal was won within " + in_words(rules_.clocks.won_after) +
                      " of its creation, so Microsoft may reject the registration");
    }
  }

  void values() {
    const Money& contract = *money_in(registration_, stated::value);
    const Money& part = *money_in(registration_, stated::solution_value);
    if (contract.minor <= 0) refuse("2.9", "the value of the contract has to be above 0");
    if (part.minor <= 0) refuse("2.9", "the value of the solution has to be above 0");
    if (part.currency != contract.currency) {
      refuse("2.9",
             "contract (" + contract.currency + ") and solution (" + part.currency + ") are to be in one currency");
    } else if (part.minor > contract.minor) {
      refuse("2.9",
             "the solution (" + to_string(part) + ") is worth more than the contract (" + to_string(contract) + ")");
    }
  }

  void signature(std::optional<Instant> invited, Date today) {
    const Date day = *date_in(registration_, stated::signed_on);
    const Duration most = rules_.clocks.register_within;
    judge_days(days_between(today, day), "the contract cannot be signed in the future (" + to_string(day) + ")");
    judge_days(days_beyond(day, today, most),
               "the contract was signed on " + to_string(day) + ", more than " + in_words(most) + " ago");
    const auto* created = std::get_if<Instant>(&referral_.get(Field::created_at));
    if (created == nullptr) return;
    const Date earliest = date_of(invited && *invited > *created ? *invited : *created);
    judge_days(days_between(day, earliest), "the contract was signed on " + to_string(day) +
                                                ", before the deal was created or Microsoft was invited (" +
                                                to_string(earliest) + ")");
  }

  void term(Date today) {
    const Date start = *date_in(registration_, stated::starts);
    const Date* end = date_in(registration_, stated::ends);
    const Duration most = rules_.clocks.contract_started_within;
    judge_days(days_beyond(start, today, most),
               "the contract started on " + to_string(start) + ", more than " + in_words(most) + " ago");
    if (end != nullptr && *end < start) {
      refuse("2.9", "the contract ends (" + to_string(*end) + ") before it starts (" + to_string(start) + ")");
    }
    yearly_value(start, end);
  }

  // How Microsoft counts the annual value is not published: by whole years, six without an end (inferred), so a figure
  // too low or very high only warns.
  void yearly_value(Date start, const Date* end) {
    const auto dollars = in_us_dollars(*money_in(registration_, stated::value), rules_.registration.rates);
    if (!dollars || (end != nullptr && *end < start)) return;
    const std::int64_t years = end == nullptr ? 6 : std::max<std::int64_t>(1, (days_between(start, *end) + 183) / 365);
    const std::int64_t yearly = *dollars / years;
    const std::string about = "the contract is worth about " + to_string(Money{yearly * 100, "USD"}) + " a year";
    if (yearly <= rules_.registration.least_value_usd) {
      warn("2.9", about + "; more than " + to_string(Money{rules_.registration.least_value_usd * 100, "USD"}) +
                      " is asked for");
    }
    if (yearly > kManualReviewUsd) warn("2.9", about + ", so Microsoft reviews it by hand");
  }

  void solution() {
    const std::string id = text_of(column(registration_, stated::solution));
    const auto* list = std::get_if<std::vector<Solution>>(&referral_.get(Field::solutions));
    const bool there =
        list != nullptr && std::any_of(list->begin(), list->end(), [&](const Solution& s) { return s.id == id; });
    if (!there) refuse("2.9", "the solution " + id + " is not on the deal");
    const auto& eligible = rules_.registration.eligible_solutions;
    if (!eligible.empty() && eligible.count(id) == 0) {
      refuse("G-2", "the solution " + id + " is not among those that earn incentives (\"eligible_solutions\")");
    }
    if (text_of(column(registration_, stated::pricing)) == "PayAsYouGo") {
      warn("2.9", "pay-as-you-go is reviewed by hand");
    }
    if (date_in(registration_, stated::marketplace_date) != nullptr) {
      warn("2.9", "deals sold through the marketplace need no registration since July 2023");
    }
  }

  const Columns& registration_;
  const Deal& referral_;
  const RulePack& rules_;
  std::vector<Objection> objections_;
};

}  // namespace

const std::vector<std::string>& registration_columns() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const ColumnWords& c : kColumns) list.emplace_back(c.name);
    return list;
  }();
  return names;
}

std::string label_of_column(const std::string& name) {
  if (const auto field = field_from(name)) return info(*field).label;
  const auto* known =
      std::find_if(std::begin(kColumns), std::end(kColumns), [&](const ColumnWords& c) { return name == c.name; });
  return known == std::end(kColumns) ? name : known->label;
}

Columns registration_in(const Columns& referral) {
  Columns found;
  for (const std::string& name : registration_columns()) {
    if (const auto it = referral.find(name); it != referral.end()) found[name] = it->second;
  }
  return found;
}

std::vector<std::string> missing_in_registration(const Columns& registration) {
  std::vector<std::string> missing;
  for (const ColumnWords& c : kColumns) {
    if (c.wanted == nullptr) continue;
    const bool may_be_blank = std::string(c.name) == stated::ends;
    const bool there = may_be_blank ? registration.count(c.name) > 0 : !is_blank(column(registration, c.name));
    if (!there) missing.emplace_back(c.wanted);
  }
  return missing;
}

std::vector<Objection> objections_to_registration(const Columns& registration, const Deal& referral,
                                                  std::optional<Instant> invited, Date today, const RulePack& rules) {
  return Judge(registration, referral, rules).run(invited, today);
}

std::vector<Objection> objections_to_correction(const Columns& shown, const Columns& changes,
                                                const std::string& status) {
  std::vector<Objection> objections;
  if (status != registration_action_required) {
    objections.push_back({"G-5",
                          "the deal is registered already (" + (status.empty() ? "no status shown" : status) +
                              "); it can be corrected only while Microsoft asks for that",
                          false});
  }
  if (changes.count(stated::solution) > 0) {
    objections.push_back({"2.9", "the registered solution cannot be exchanged through the API", false});
  }
  const auto* before = std::get_if<Money>(&column(shown, stated::value));
  const auto* after = std::get_if<Money>(&column(changes, stated::value));
  if (before != nullptr && after != nullptr && before->currency != after->currency) {
    objections.push_back({"2.9", "the currency of the contract cannot be changed through the API", false});
  }
  const bool ended = !is_blank(column(shown, stated::ends));
  if (ended && changes.count(stated::ends) > 0 && is_blank(column(changes, stated::ends))) {
    objections.push_back({"2.9", "a contract with an end cannot be made one without through the API", false});
  }
  return objections;
}

}  // namespace cosell
