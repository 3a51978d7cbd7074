// When a login ends, as people read it: long before, in its last 30 days, on its last day and afterwards.
#include "cli/login_end.h"

#include <gtest/gtest.h>

namespace cosell::cli {
namespace {

using Level = Finding::Level;

const Date last_day{2027, 1, 31};

Instant before(std::int64_t days_left) { return start_of(add_days(last_day, -days_left)) + hours(12); }

LoginFacts facts_with_secret() {
  LoginFacts facts;
  facts.client_secret_expires = last_day;
  return facts;
}

LoginFacts facts_with_certificate() {
  LoginFacts facts;
  facts.certificate = net::CertificateTerm{start_of(last_day) - days(730), start_of(last_day) + hours(18)};
  facts.certificate_place = "the file bridge.crt";
  return facts;
}

LoginFacts facts_of_a_person() {
  LoginFacts facts;
  facts.saved_login_life = days(90);
  facts.client.login_command = "cosell login partner-center contoso";
  return facts;
}

net::StoredToken used(Instant at) {
  net::StoredToken token;
  token.refresh_token = "r";
  token.renewed_at = at;
  return token;
}

Finding only(const std::vector<LoginEnd>& ends) {
  EXPECT_EQ(ends.size(), 1U);
  return ends.empty() ? Finding() : ends.front().finding;
}

TEST(LoginEnd, OfAClientSecretIsToldAheadInItsLast30Days) {
  const auto told = [](std::int64_t days_left) { return only(login_ends(facts_with_secret(), {}, before(days_left))); };
  EXPECT_EQ(told(31).level, Level::ok);
  EXPECT_EQ(told(31).text, "good until 2027-01-31");
  EXPECT_EQ(told(31).remedy, "");
  EXPECT_EQ(told(30).level, Level::warning);
  EXPECT_EQ(told(29).level, Level::warning);
  EXPECT_EQ(told(29).what, "Client secret of the login");
  EXPECT_EQ(told(29).text, "ends on 2027-01-31, in 29 days.");
  EXPECT_EQ(told(29).remedy,
            "Make a new client secret in Microsoft Entra, put it in place, and write its date as "
            "\"client_secret_expires\".");
  EXPECT_EQ(told(1).text, "ends on 2027-01-31, in 1 day.");
  EXPECT_EQ(told(0).level, Level::warning) << "it may work until midnight";
  EXPECT_EQ(told(0).text, "ends today.");
  EXPECT_EQ(told(-1).level, Level::problem);
  EXPECT_EQ(told(-1).text, "ended on 2027-01-31.");
}

TEST(LoginEnd, OfACertificateIsToldToTheHour) {
  const auto told = [](Instant at) { return only(login_ends(facts_with_certificate(), {}, at)); };
  EXPECT_EQ(told(before(31)).level, Level::ok);
  EXPECT_EQ(told(before(29)).level, Level::warning);
  EXPECT_EQ(told(before(29)).text, "the one in the file bridge.crt ends on 2027-01-31, in 29 days.");
  EXPECT_EQ(told(before(0)).text, "the one in the file bridge.crt ends today.");
  EXPECT_EQ(told(before(0) + hours(7)).level, Level::problem);
  EXPECT_EQ(told(before(0) + hours(7)).text, "the one in the file bridge.crt ended on 2027-01-31.");
  EXPECT_EQ(told(before(0) + hours(7)).remedy,
            "Make a new certificate, give it to the app, and put certificate and key in place.");
}

TEST(LoginEnd, OfASavedLoginIsPutOffByEachUse) {
  const Instant used_at = start_of(last_day) + hours(12);
  const auto told = [&](std::int64_t days_later) {
    return only(login_ends(facts_of_a_person(), used(used_at), used_at + days(days_later)));
  };
  EXPECT_EQ(told(59).text, "good until 2027-05-01, if the bridge does not use it");
  EXPECT_EQ(told(59).level, Level::ok);
  EXPECT_EQ(told(61).text, "ends on 2027-05-01, in 29 days, if the bridge does not use it.");
  EXPECT_EQ(told(61).level, Level::warning);
  EXPECT_EQ(told(90).level, Level::problem);
  EXPECT_EQ(told(90).text, "ended on 2027-05-01.");
  EXPECT_EQ(told(61).remedy, "Let a sync run before then.");
  EXPECT_EQ(told(90).remedy, "Log in again: cosell login partner-center contoso");
}

TEST(LoginEnd, IsNotToldWhereNothingTellsIt) {
  EXPECT_TRUE(login_ends({}, used(before(0)), before(0)).empty());
  EXPECT_TRUE(login_ends(facts_of_a_person(), {}, before(0)).empty()) << "nobody logged in";
  EXPECT_TRUE(login_ends(facts_of_a_person(), net::StoredToken{}, before(0)).empty()) << "a file of an older version";
}

}  // namespace
}  // namespace cosell::cli
