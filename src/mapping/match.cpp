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

std::set<std::string> name_words(const Deal& deal) {
  std::set<std::string> words;
  for (const std::string& word : text::split(text::folded(deal.text(Field::name)), ' ')) {
    if (!word.empty()) words.insert(word);
  }
  return words;
}

bool waits_for_an_answer(const Deal& referral) {
  const auto standing = referral.standing();
  return standing && is_waiting(*standing);
}

int points_for(const MatchRule& rule, const Likewise& like) {
  int points = rule.customer;
  if (like.all_words > 0) {
    points += static_cast<int>(static_cast<std::int64_t>(rule.name) * like.common_words / like.all_words);
  }
  if (like.same_value.value_or(false)) points += rule.value;
  if (like.days_apart == 0) return points + rule.close_date;
  const bool near = like.days_apart && *like.days_apart > -31 && *like.days_apart < 31;
  return near ? points + rule.close_date / 2 : points;
}

Likeness likeness_of(const MatchRule& rule, const Likewise& like, int points) {
  if (points >= rule.sure && !like.unanswered) return Likeness::sure;
  return points >= rule.doubtful ? Likeness::doubtful : Likeness::no;
}

std::string in_words(const Likewise& like) {
  std::vector<std::string> said = {"same customer"};
  if (like.all_words > 0) {
    said.emplace_back(like.common_words == like.all_words       ? "same name"
                      : 2 * like.common_words >= like.all_words ? "similar name"
                                                                : "another name");
  }
  if (like.same_value) said.emplace_back(*like.same_value ? "same value" : "another value");
  if (like.days_apart == 0) said.emplace_back("same close date");
  return text::join(said, ", ");
}

MatchScore score_match(const MatchRule& rule, const Deal& opportunity, const Deal& referral) {
  if (!same_customer(opportunity, referral)) return {};
  Likewise like;
  const auto our_words = name_words(opportunity);
  const auto their_words = name_words(referral);
  if (!our_words.empty() && !their_words.empty()) {
    for (const std::string& word : our_words) like.common_words += static_cast<std::uint32_t>(their_words.count(word));
    like.all_words = static_cast<std::uint32_t>(our_words.size() + their_words.size()) - like.common_words;
  }
  const auto* our_value = std::get_if<Money>(&opportunity.get(Field::value));
  const auto* their_value = std::get_if<Money>(&referral.get(Field::value));
  if (our_value != nullptr && their_value != nullptr) like.same_value = *our_value == *their_value;
  const auto* our_date = std::get_if<Date>(&opportunity.get(Field::close_date));
  const auto* their_date = std::get_if<Date>(&referral.get(Field::close_date));
  if (our_date != nullptr && their_date != nullptr) {
    like.days_apart = static_cast<std::int32_t>(days_between(*our_date, *their_date));
  }
  like.unanswered = waits_for_an_answer(referral);
  const int points = points_for(rule, like);
  return {points, likeness_of(rule, like, points), in_words(like)};
}

}  // namespace cosell::mapping
