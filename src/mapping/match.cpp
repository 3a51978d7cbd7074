// Points for what two records have in common, and the words that say why.
#include "mapping/match.h"

#include <set>

#include "base/text.h"
#include "deal/lifecycle.h"

namespace cosell::mapping {
namespace {

bool same_customer(const Deal& opportunity, const Deal& referral) {
  const Customer* ours = customer_in(opportunity.get(Field::customer));
  const Customer* theirs = customer_in(referral.get(Field::customer));
  const std::string key = customer_key(opportunity);
  if (key.empty() || key != customer_key(referral)) return false;
  return ours->country.empty() || theirs->country.empty() || ours->country == theirs->country;
}

std::set<std::string> name_words(const std::string& text) {
  std::set<std::string> words;
  for (const std::string& word : text::split(text::folded(text), ' ')) {
    if (!word.empty()) words.insert(word);
  }
  return words;
}

class Scorer {
 public:
  Scorer(const MatchRule& rule, const Deal& opportunity, const Deal& referral)
      : rule_(rule), opportunity_(opportunity), referral_(referral) {}

  MatchScore score() {
    MatchScore out;
    if (!same_customer(opportunity_, referral_)) return out;
    out.points = rule_.customer + name() + value() + close_date();
    out.because = text::join(said_, ", ");
    if (out.points >= rule_.doubtful) out.likeness = Likeness::doubtful;
    const auto standing = referral_.standing();
    const bool unanswered = standing && is_waiting(*standing);
    if (out.points >= rule_.sure && !unanswered) out.likeness = Likeness::sure;
    return out;
  }

 private:
  int name() {
    const auto ours = name_words(opportunity_.text(Field::name));
    const auto theirs = name_words(referral_.text(Field::name));
    if (ours.empty() || theirs.empty()) return 0;
    std::size_t common = 0;
    for (const std::string& word : ours) common += theirs.count(word);
    const std::size_t all = ours.size() + theirs.size() - common;
    said_.emplace_back(common == all ? "same name" : 2 * common >= all ? "similar name" : "another name");
    return static_cast<int>(static_cast<std::size_t>(rule_.name) * common / all);
  }

  int value() {
    const auto* ours = std::get_if<Money>(&opportunity_.get(Field::value));
    const auto* theirs = std::get_if<Money>(&referral_.get(Field::value));
    if (ours == nullptr || theirs == nullptr) return 0;
    const bool same = *ours == *theirs;
    said_.emplace_back(same ? "same value" : "another value");
    return same ? rule_.value : 0;
  }

  int close_date() {
    const auto* ours = std::get_if<Date>(&opportunity_.get(Field::close_date));
    const auto* theirs = std::get_if<Date>(&referral_.get(Field::close_date));
    if (ours == nullptr || theirs == nullptr) return 0;
    const auto apart = days_between(*ours, *theirs);
    if (apart == 0) {
      said_.emplace_back("same close date");
      return rule_.close_date;
    }
    return apart > -31 && apart < 31 ? rule_.close_date / 2 : 0;
  }

  const MatchRule& rule_;
  const Deal& opportunity_;
  const Deal& referral_;
  std::vector<std::string> said_ = {"same customer"};
};

}  // namespace

void read_matching(const Node& matching, MatchRule& rule, Findings& findings) {
  const auto number = [&](const char* key, int& out) {
    const Node* node = matching.find(key);
    const auto value = node == nullptr ? std::nullopt : parse_number(node->text);
    if (value) out = std::atoi(value->text.c_str());
  };
  number("customer", rule.customer);
  number("name", rule.name);
  number("value", rule.value);
  number("close_date", rule.close_date);
  number("sure", rule.sure);
  number("doubtful", rule.doubtful);
  const int all = rule.customer + rule.name + rule.value + rule.close_date;
  if (all != 100) {
    findings.error(
        matching.at, "bad-weights",
        "customer, name, value and close_date give " + std::to_string(all) + " points together; they must give 100",
        "usual: 35, 40, 15 and 10");
  }
  if (rule.doubtful > rule.sure) {
    findings.error(matching.at, "bad-threshold",
                   "\"doubtful\" (" + std::to_string(rule.doubtful) + ") is above \"sure\" (" +
                       std::to_string(rule.sure) + "); nothing would ever be doubtful",
                   "usual: doubtful 55, sure 85");
  }
}

std::string customer_key(const Deal& deal) {
  static const std::set<std::string> forms = {"inc", "ltd", "llc",  "gmbh", "ag",  "sa", "bv",      "ab",
                                              "oy",  "as",  "corp", "co",   "plc", "kg", "limited", "corporation"};
  const Customer* customer = customer_in(deal.get(Field::customer));
  if (customer == nullptr) return "";
  std::vector<std::string> words = text::split(text::folded(customer->name), ' ');
  while (words.size() > 1 && forms.count(words.back()) > 0) words.pop_back();
  return text::join(words, " ");
}

Deal matched_part(const Deal& deal) {
  Deal part;
  for (const Field f : {Field::customer, Field::name, Field::value, Field::close_date, Field::standing}) {
    if (const Value* value = deal.find(f)) part.set(f, *value);
  }
  return part;
}

MatchScore score_match(const MatchRule& rule, const Deal& opportunity, const Deal& referral) {
  return Scorer(rule, opportunity, referral).score();
}

}  // namespace cosell::mapping
