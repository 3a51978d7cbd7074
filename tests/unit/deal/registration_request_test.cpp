// What Partner Center takes as the registration of a won deal, and what it refuses.
#include "deal/registration_request.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace cosell {
namespace {

namespace stated = registration_column;

constexpr const char* kToday = "2026-05-10";

Date day(const char* written) { return *parse_date(written); }

Deal won_deal() {
  Deal d;
  d.set(Field::type, std::string("partner-led"));
  d.set(Field::standing, Standing{Status::closed, Substatus::won, ""});
  d.set(Field::value, Money{9'500'000, "USD"});
  d.set(Field::solutions, std::vector<Solution>{{"SOL-ABCDE-FGH", "", ""}});
  d.set(Field::created_at, *parse_instant("2026-03-01T09:00:00Z"));
  d.set(Field::closed_at, *parse_instant("2026-05-01T09:00:00Z"));
  return d;
}

Columns contract() {
  return {{stated::value, Money{9'500'000, "USD"}},
          {stated::signed_on, day("2026-05-01")},
          {stated::starts, day("2026-06-01")},
          {stated::ends, day("2028-05-31")},
          {stated::solution, std::string("SOL-ABCDE-FGH")},
          {stated::solution_value, Money{9'500'000, "USD"}},
          {stated::on_azure, true},
          {stated::deployed_at, std::string("Customer")},
          {stated::pricing, std::string("Other")},
          {stated::marketplace_date, Value{}}};
}

std::vector<Objection> judged(const Columns& registration, const Deal& deal = won_deal(),
                              std::optional<Instant> invited = std::nullopt) {
  return objections_to_registration(registration, deal, invited, day(kToday), RulePack{});
}

// The first objection's words; `warns`: of those that Microsoft may overlook.
std::string objection(const char* part, const Value& value, bool warns = false) {
  Columns registration = contract();
  registration[part] = value;
  for (const Objection& o : judged(registration)) {
    if (o.warns_only == warns) return o.text;
  }
  return "";
}

TEST(RegistrationRequest, IsTakenWhenEverythingIsInOrder) {  // G-1, G-5
  EXPECT_TRUE(missing_in_registration(contract()).empty());
  EXPECT_TRUE(judged(contract()).empty());
}

TEST(RegistrationRequest, NamesEverythingThatWasNotStated) {
  const auto missing = missing_in_registration({});
  EXPECT_EQ(missing.size(), registration_columns().size() - 1);  // the marketplace's date may be absent
  Columns without_end = contract();
  without_end[stated::ends] = Value{};
  EXPECT_TRUE(missing_in_registration(without_end).empty()) << "a contract may have no end";
  without_end.erase(stated::ends);
  EXPECT_EQ(missing_in_registration(without_end).size(), 1U) << "but somebody has to say so";
}

TEST(RegistrationRequest, WasSignedAtMostSixtyDaysAgoAndNotInTheFuture) {
  EXPECT_EQ(objection(stated::signed_on, day("2026-03-11")), "");
  EXPECT_NE(objection(stated::signed_on, day("2026-03-09")).find("more than 60 days ago"), std::string::npos);
  EXPECT_EQ(objection(stated::signed_on, day(kToday)), "");
  EXPECT_NE(objection(stated::signed_on, day("2026-05-12")).find("in the future"), std::string::npos);
}

TEST(RegistrationRequest, WasSignedAfterTheDealWasMadeAndMicrosoftInvited) {
  Deal deal = won_deal();
  deal.set(Field::created_at, *parse_instant("2026-05-01T09:00:00Z"));
  deal.set(Field::closed_at, *parse_instant("2026-05-05T09:00:00Z"));
  EXPECT_TRUE(judged(contract(), deal).empty()) << "signed on the very day";
  deal.set(Field::created_at, *parse_instant("2026-05-03T00:00:00Z"));
  deal.set(Field::closed_at, *parse_instant("2026-05-07T09:00:00Z"));
  ASSERT_EQ(judged(contract(), deal).size(), 1U);
  EXPECT_FALSE(judged(contract(), deal).front().warns_only);
  EXPECT_EQ(judged(contract(), won_deal(), parse_instant("2026-05-03T00:00:00Z")).size(), 1U);
}

// In Auckland it is the next day already, in Seattle still the one before: nobody is kept from registering for that.
TEST(RegistrationRequest, ThatIsOffByTheDayOfAnotherTimeZoneIsMicrosoftsToJudge) {
  for (const char* signed_on : {"2026-05-11", "2026-03-10"}) {
    EXPECT_EQ(objection(stated::signed_on, day(signed_on)), "") << signed_on;
    EXPECT_NE(objection(stated::signed_on, day(signed_on), true).find("Microsoft may refuse it"), std::string::npos);
  }
  EXPECT_EQ(objection(stated::starts, day("2026-02-08")), "");
  Deal deal = won_deal();
  deal.set(Field::created_at, *parse_instant("2026-05-02T01:00:00Z"));  // the evening of May 1 in Seattle
  deal.set(Field::closed_at, *parse_instant("2026-05-06T09:00:00Z"));
  ASSERT_EQ(judged(contract(), deal).size(), 1U);
  EXPECT_TRUE(judged(contract(), deal).front().warns_only);
}

TEST(RegistrationRequest, StartedAtMostNinetyDaysAgoAndEndsAfterwards) {
  EXPECT_EQ(objection(stated::starts, day("2026-02-09")), "");
  EXPECT_NE(objection(stated::starts, day("2026-02-07")).find("90 days"), std::string::npos);
  EXPECT_NE(objection(stated::ends, day("2026-05-31")).find("before it starts"), std::string::npos);
}

TEST(RegistrationRequest, CountsTheSolutionAsAPartOfTheContractAndOfTheDeal) {  // G-2, G-4
  EXPECT_NE(objection(stated::solution_value, Money{9'500'001, "USD"}).find("worth more"), std::string::npos);
  EXPECT_NE(objection(stated::solution_value, Money{100, "EUR"}).find("one currency"), std::string::npos);
  EXPECT_NE(objection(stated::solution, std::string("SOL-OTHER")).find("not on the deal"), std::string::npos);
  EXPECT_NE(objection(stated::value, Money{0, "USD"}).find("above 0"), std::string::npos);
}

TEST(RegistrationRequest, OnlyWarnsOfWhatMicrosoftMayOverlook) {  // G-3
  Deal early = won_deal();
  early.set(Field::closed_at, *parse_instant("2026-03-04T08:59:00Z"));
  const auto objections = judged(contract(), early);
  ASSERT_EQ(objections.size(), 1U);
  EXPECT_TRUE(objections.front().warns_only);
  EXPECT_EQ(objections.front().rule, "G-3");
  EXPECT_NE(objection(stated::pricing, std::string("PayAsYouGo"), true).find("by hand"), std::string::npos);
  EXPECT_NE(objection(stated::marketplace_date, day("2026-05-01"), true).find("no registration"), std::string::npos);
  EXPECT_NE(objection(stated::ends, Value{}, true).find("a year"), std::string::npos) << "95,000 over six years";
}

TEST(RegistrationRequest, IsOfAWonDealThatIsNotPrivate) {  // G-1, G-7
  Deal deal = won_deal();
  deal.set(Field::type, std::string("private"));
  EXPECT_EQ(judged(contract(), deal).size(), 1U);
  deal = won_deal();
  deal.set(Field::standing, Standing{Status::active, Substatus::accepted, ""});
  EXPECT_EQ(judged(contract(), deal).size(), 1U);
}

TEST(RegistrationRequest, IsCorrectedOnlyWhenMicrosoftAsksAndOnlyInWhatTheApiLets) {  // G-5
  const Columns date = {{stated::signed_on, day("2026-05-02")}};
  EXPECT_TRUE(objections_to_correction(contract(), date, "ActionRequired").empty());
  EXPECT_EQ(objections_to_correction(contract(), date, "ReviewPending").size(), 1U);
  const Columns rest = {
      {stated::solution, std::string("SOL-OTHER")}, {stated::value, Money{1, "EUR"}}, {stated::ends, Value{}}};
  EXPECT_EQ(objections_to_correction(contract(), rest, "ActionRequired").size(), 3U);
}

}  // namespace
}  // namespace cosell
