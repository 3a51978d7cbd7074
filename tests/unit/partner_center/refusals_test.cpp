// What the service does not want, told from a record that was changed meanwhile: by the code in its answer and by what
// the request carried, not by the status, of which no document says which one a refused value gets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deal/deal.h"
#include "deal/registration_request.h"
#include "emulated_tenant.h"
#include "scripted_service.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;

class PartnerCenterRefusals : public testing::Test {
 protected:
  static Operation creation() {
    Operation op = edit("");
    op.id = OperationId("7d1e2f60-11aa-4c6e-9b0e-1f2a3b4c5d6e");
    op.verb = Verb::create;
    op.must_match = {};
    op.target.key = BridgeKey("006A");
    op.changes = {{"name", Value(std::string("Alder"))}};
    return op;
  }

  static Operation registration() {
    Operation op = edit("r1");
    op.kind = RecordKind::registration;
    op.changes = {{registration_column::pricing, Value(std::string("Other"))}};
    return op;
  }

  static Error refused(const Operation& op, int status, const std::string& body) {
    ScriptedService service(ours());
    service.then(status, body);
    const Outcome o = push_one(service, op);
    EXPECT_EQ(service.requests.size(), 1U);
    return error_in(o);
  }
};

TEST_F(PartnerCenterRefusals, OfAValueAreToldInTheServicesWordsUnderAnyStatus) {
  const std::string body = R"({"error":{"code":"invalidRequest","target":"/details/closingDateTime",
                               "message":"The close date lies in the past."}})";
  for (const Operation& op : {edit("r1"), creation(), registration()}) {
    for (const int status : {400, 409, 412, 422}) {
      const Error e = refused(op, status, body);
      EXPECT_EQ(e.kind, ErrorClass::rejected) << status;
      EXPECT_EQ(e.message, "Partner Center did not accept the close date: The close date lies in the past.") << status;
      EXPECT_EQ(e.fields, std::vector<std::string>{"close_date"}) << status;
      EXPECT_EQ(e.rule, "invalidRequest") << status;
    }
  }
}

TEST_F(PartnerCenterRefusals, OfAnOldVersionAreThoseThatNameNothingElse) {
  const char* about_the_version[] = {
      "",
      "{}",
      R"({"error":{"code":"preconditionFailed","message":"The tag does not match."}})",
      R"({"error":{"code":"resourceModified","message":"It was changed.","target":"referral"}})",
      R"({"error":{"code":"ResourceModified","innererror":{"code":"PreconditionFailed"}}})",
      R"({"code":"resourceModified","description":"It was changed."})",
      R"({"statusCode":409,"message":"Conflict"})"};
  for (const int status : {409, 412}) {
    for (const char* body : about_the_version) {
      const Error e = refused(edit("r1"), status, body);
      EXPECT_EQ(e.kind, ErrorClass::precondition) << status << body;
      EXPECT_EQ(e.message, "The referral was changed in Partner Center in the meantime.") << body;
      EXPECT_EQ(refused(registration(), status, body).kind, ErrorClass::precondition) << status << body;
      EXPECT_EQ(refused(creation(), status, body).kind, ErrorClass::rejected)
          << "a create carries no version: " << body;
    }
  }
}

TEST_F(PartnerCenterRefusals, WithACodeOfTheirOwnOrAFieldAreOfThat) {
  const char* of_a_step[] = {R"({"error":{"code":"referralClosed","message":"The referral is closed as Won."}})",
                             R"({"code":2005,"description":"The referral is closed as Won."})",
                             R"({"error":{"code":"resourceModified","innererror":{"code":"referralClosed",
                                 "target":"/status","message":"The referral is closed as Won."}}})",
                             R"({"error":{"message":"The referral is closed as Won.","target":"/status"}})"};
  for (const char* body : of_a_step) {
    const Error e = refused(edit("r1"), 409, body);
    EXPECT_EQ(e.kind, ErrorClass::rejected) << body;
    EXPECT_THAT(e.message, HasSubstr("The referral is closed as Won.")) << body;
  }
}

// What is refused is not sent again in this form, so that an edit would be lost that only met another one.
TEST_F(PartnerCenterRefusals, OfAnOldVersionMaySayMoreBeneathTheirCode) {
  const char* body = R"({"error":{"code":"resourceModified","innererror":{"code":"tagMismatch"}}})";
  EXPECT_EQ(refused(edit("r1"), 409, body).kind, ErrorClass::precondition);
}

TEST_F(PartnerCenterRefusals, WithTheStatusForAnOldVersionAreOneWhateverTheirCodeIs) {
  for (const char* body : {R"({"code":2005,"description":"The tag is old."})", R"({"error":{"code":"invalidETag"}})"}) {
    EXPECT_EQ(refused(edit("r1"), 412, body).kind, ErrorClass::precondition) << body;
    EXPECT_EQ(refused(creation(), 412, body).kind, ErrorClass::rejected) << body;
  }
}

TEST_F(PartnerCenterRefusals, ForARightSayWhatTheServiceSaid) {
  const Error e = refused(edit("r1"), 403, R"({"error":{"code":"accessDenied",
                                              "message":"The user may not change deals of this location"}})");
  EXPECT_EQ(e.kind, ErrorClass::forbidden);
  EXPECT_EQ(e.message,
            "This login may not do that in Partner Center: The user may not change deals of this location. The service "
            "user needs the role Referrals admin; a new role takes up to an hour.");
  EXPECT_THAT(refused(edit("r1"), 403, "{}").message, HasSubstr("in Partner Center. The service user"));
}

// ---- by the emulated service

class PartnerCenterRefusesWith : public testing::TestWithParam<int> {
 protected:
  PartnerCenterRefusesWith() { tenant.set("refusal_status", GetParam()); }

  void expect_refused(const Operation& op, const char* words) {
    const Outcome o = tenant.push(op);
    const auto* e = std::get_if<Error>(&o.what);
    ASSERT_NE(e, nullptr) << "was applied";
    EXPECT_EQ(e->kind, ErrorClass::rejected);
    EXPECT_EQ(e->http_status, GetParam());
    EXPECT_THAT(e->message, HasSubstr(words));
  }
  template <class T>
  Operation change_of(const Observation& seen, Field field, T value) {
    Deal deal;
    deal.set(field, std::move(value));
    return tenant.change(seen.id.value, seen.version, deal);
  }

  EmulatedTenant tenant;
};
INSTANTIATE_TEST_SUITE_P(Status, PartnerCenterRefusesWith, testing::Values(400, 409, 422));

TEST_P(PartnerCenterRefusesWith, ValuesStepsAndEditsOfWhatIsClosed) {
  tenant.set("past_close_date_allowed", false);
  Deal late = complete_deal("Late");
  late.set(Field::close_date, Date{2026, 1, 31});
  expect_refused(tenant.creation("006A", late), "the close date: The close date lies in the past.");
  const Observation a = tenant.created("006B", complete_deal("A"));
  expect_refused(change_of(a, Field::close_date, Date{2026, 1, 31}), "The close date lies in the past.");
  expect_refused(change_of(a, Field::standing, Standing{Status::closed, Substatus::declined, "No"}), "cannot go from");
  tenant.edit(a.id.value, "/details/notes", "by a person");
  const Outcome stale = tenant.push(change_of(a, Field::notes, std::string("by the bridge")));
  EXPECT_EQ(std::get<Error>(stale.what).kind, ErrorClass::precondition) << "an old version is told as before";

  const Observation b = tenant.created("006C", complete_deal("B"));
  const Outcome won = tenant.push(change_of(b, Field::standing, Standing{Status::closed, Substatus::won, ""}));
  expect_refused(change_of(std::get<Applied>(won.what).stored.value(), Field::notes, std::string("late")),
                 "The referral is closed as Won.");
}

}  // namespace
}  // namespace cosell::test
