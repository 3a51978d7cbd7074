// When an opportunity and a referral without a common key are the same deal.
#include <gtest/gtest.h>

#include "mapping_fixture.h"

namespace cosell::mapping {
namespace {

Mapping with_matching(const std::string& matching) {
  return mapping_from("{ \"extends\": \"salesforce\", \"matching\": " + matching + " }");
}

Deal deal(const std::string& customer, const std::string& name) {
  Deal d;
  d.set(Field::customer, Customer{customer, "", "", "", "", "", "DE"});
  d.set(Field::name, name);
  d.set(Field::value, Money{5'000'000, "EUR"});
  d.set(Field::close_date, Date{2026, 6, 30});
  return d;
}

std::string judged(const MatchScore& score) {
  const char* likeness = score.likeness == Likeness::sure       ? "sure"
                         : score.likeness == Likeness::doubtful ? "doubtful"
                                                                : "no";
  return std::string(likeness) + " " + std::to_string(score.points) + " " + score.because;
}

std::string judged(const Deal& ours, const Deal& theirs, const std::string& matching = "{}") {
  return judged(with_matching(matching).match_score(ours, theirs));
}

TEST(MatchScore, EqualRecordsAreSurelyTheSameDeal) {
  EXPECT_EQ(judged(deal("Contoso GmbH", "Data platform"), deal("contoso", "Data Platform")),
            "sure 100 same customer, same name, same value, same close date");
}

TEST(MatchScore, AnotherCustomerOrCountryIsNeverTheSameDeal) {
  const Deal ours = deal("Contoso", "Data platform");
  EXPECT_EQ(judged(ours, deal("Contoso Retail", "Data platform")), "no 0 ");
  EXPECT_EQ(judged(deal("", "Data platform"), deal("", "Data platform")), "no 0 ");
  EXPECT_EQ(judged(Deal(), Deal()), "no 0 ");
  Deal abroad = deal("Contoso", "Data platform");
  abroad.set(Field::customer, Customer{"Contoso", "", "", "", "", "", "FR"});
  EXPECT_EQ(judged(ours, abroad), "no 0 ");
}

TEST(MatchScore, WhatDiffersIsSaidAndCostsItsPoints) {
  Deal theirs = deal("Contoso", "Data platform phase 2");
  theirs.set(Field::value, Money{100, "EUR"});
  theirs.set(Field::close_date, Date{2026, 7, 15});
  EXPECT_EQ(judged(deal("Contoso", "Data platform"), theirs), "doubtful 60 same customer, similar name, another value");
  EXPECT_EQ(judged(deal("Contoso", "Laptops"), theirs), "no 40 same customer, another name, another value");
}

TEST(MatchScore, AnUnansweredReferralIsAtMostDoubtful) {
  Deal theirs = deal("Contoso", "Data platform");
  theirs.set(Field::standing, Standing{Status::fresh, Substatus::received, ""});
  EXPECT_EQ(judged(deal("Contoso", "Data platform"), theirs).substr(0, 12), "doubtful 100");
}

TEST(MatchScore, WeightsAndThresholdsAreTheMappings) {
  Deal theirs = deal("Contoso", "Something else");
  const Deal ours = deal("Contoso", "Data platform");
  EXPECT_EQ(judged(ours, theirs).substr(0, 11), "doubtful 60");
  const std::string by_value = R"({ "customer": 40, "name": 0, "value": 40, "close_date": 20 })";
  EXPECT_EQ(judged(ours, theirs, by_value).substr(0, 8), "sure 100");
  EXPECT_EQ(judged(ours, ours, R"({ "sure": 101 })").substr(0, 12), "doubtful 100");
  EXPECT_EQ(judged(ours, theirs, R"({ "doubtful": 61 })").substr(0, 5), "no 60");
}

TEST(MatchScore, IsTheSameFromBothSides) {
  const Deal a = deal("Contoso Ltd", "Data platform phase 2");
  const Deal b = deal("Contoso", "Data platform");
  EXPECT_EQ(judged(a, b), judged(b, a));
}

std::string found_in_matching(const std::string& matching) {
  std::vector<FileFinding> own;
  for (const FileFinding& f :
       read_text_as("acme.jsonc", "{ \"extends\": \"salesforce\",\n\"matching\": " + matching + " }").findings) {
    if (f.code != "never-complete") own.push_back(f);
  }
  return texts_of(own);
}

TEST(MatchRules, AreChecked) {
  EXPECT_EQ(found_in_matching("{ \"name\": 50 }"),
            "acme.jsonc:2:13: customer, name, value and close_date give 110 points together; they must give 100; "
            "usual: 35, 40, 15 and 10\n");
  EXPECT_EQ(found_in_matching("{ \"doubtful\": 90 }"),
            "acme.jsonc:2:13: \"doubtful\" (90) is above \"sure\" (85); nothing would ever be doubtful; usual: "
            "doubtful 55, sure 85\n");
  EXPECT_EQ(found_in_matching("{ \"sure\": 0 }"),
            "acme.jsonc:2:23: \"sure\": 0 is not possible here; expected points from 1 to 101\n");
  EXPECT_EQ(found_in_matching("{ \"name\": 40.5 }"),
            "acme.jsonc:2:23: \"name\" must be points from 0 to 100, not 40.5\n");
  EXPECT_EQ(found_in_matching("{ \"nmae\": 40 }"),
            "acme.jsonc:2:15: unknown key \"nmae\" in \"matching\"; did you mean \"name\"?\n");
}

}  // namespace
}  // namespace cosell::mapping
