// Microsoft's half of a deal where the filter by engagement is taken and not applied: what such a list does not show is
// no proof that it does not exist.
#include <gmock/gmock.h>

#include "emulated_tenant.h"

namespace cosell::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class MicrosoftsHalfUnfiltered : public testing::Test {
 protected:
  MicrosoftsHalfUnfiltered() {
    tenant.created("006B", complete_deal("Another"));
    Deal deal = complete_deal("Alder");
    deal.set(Field::visible, true);
    deal.set(Field::help, std::string("ProofOfConceptOrDemo"));
    deal.set(Field::help_notes, std::string("A proof of concept in May."));
    engagement = text_of(column(tenant.created("006A", deal).columns, "engagement_id"));
    ask = tenant.creation("006A", deal);
    ask.kind = RecordKind::microsoft_half;
    ask.engagement_id = engagement;
    ask.target.key = BridgeKey(engagement);
  }
  void filter_is_ignored() { tenant.set("filter_ignored", Json::array({"engagementId"})); }
  // As the answer to the request showed it.
  RecordId asked() { return std::get<Applied>(tenant.push(ask).what).id; }
  std::vector<Observation> half(const RecordId& known = {}) {
    RecordRef ref;
    ref.kind = RecordKind::microsoft_half;
    ref.id = known;
    ref.key = BridgeKey(engagement);
    return tenant.fetch(ref);
  }
  void expect_unread(const std::vector<Observation>& found) {
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found[0].existence, Existence::unreadable);
    EXPECT_EQ(found[0].kind, RecordKind::microsoft_half);
    EXPECT_EQ(found[0].key.value, engagement);
    EXPECT_THAT(found[0].unread_because, HasSubstr("shows other deals"));
  }

  EmulatedTenant tenant;
  std::string engagement;
  Operation ask;
};

TEST_F(MicrosoftsHalfUnfiltered, IsReadByItsIdWhereThatIsKnown) {
  const RecordId id = asked();
  tenant.post("microsoft", Json{{"engagementId", engagement}, {"action", "accept"}});
  for (const bool ignored : {true, false}) {
    tenant.set("filter_ignored", ignored ? Json::array({"engagementId"}) : Json::array());
    const auto found = half(id);
    ASSERT_THAT(found, SizeIs(1)) << ignored;
    EXPECT_EQ(found[0].id, id);
    EXPECT_EQ(text_of(column(found[0].columns, "microsoft_answer")), "accepted");
  }
}

TEST_F(MicrosoftsHalfUnfiltered, CostsOneRequestWhereTheFilterIsApplied) {
  const RecordId id = asked();
  half(id);
  const int before = tenant.requests();
  half(id);
  EXPECT_EQ(tenant.requests() - before, 1);
}

TEST_F(MicrosoftsHalfUnfiltered, IsUnreadWhereNothingElseIsKnownOfIt) {
  filter_is_ignored();
  expect_unread(half());  // nobody knows whether Microsoft was asked
  asked();
  expect_unread(half());
  tenant.set("filter_ignored", Json::array());
  EXPECT_THAT(half(), SizeIs(1));
}

TEST_F(MicrosoftsHalfUnfiltered, IsUnreadWhereItsIdIsNotReadEither) {
  const RecordId id = asked();
  tenant.set("microsoft_half_readable", false);
  filter_is_ignored();
  expect_unread(half(id));
  tenant.set("microsoft_half_readable", true);
  EXPECT_EQ(half(id).front().existence, Existence::live);
}

TEST_F(MicrosoftsHalfUnfiltered, IsSeenInAListThatShowsHalvesOfAllDeals) {
  asked();
  filter_is_ignored();
  tenant.set("list_shows_microsoft_half", true);
  const auto found = half();
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_EQ(found[0].existence, Existence::live);
  EXPECT_EQ(found[0].key.value, engagement);
}

TEST_F(MicrosoftsHalfUnfiltered, IsNotThereWhereTheFilterIsAppliedAndShowsNone) { EXPECT_THAT(half(), IsEmpty()); }

TEST_F(MicrosoftsHalfUnfiltered, ThatIsGoneIsNotThere) {
  EXPECT_THAT(half(RecordId("11111111-2222-4333-8444-555555555555")), IsEmpty());
}

}  // namespace
}  // namespace cosell::test
