// What both sides agreed on is kept in few words, and says the same as before.
#include <gtest/gtest.h>

#include "engine/view.h"
#include "tests/support/world.h"

namespace cosell::test {
namespace {

using engine::DealView;

DealView view_of(World& world, const store::DealRow& row) {
  auto view = engine::load_view(world.pair(), row);
  EXPECT_TRUE(view);
  return view ? std::move(*view) : DealView{};
}

void expect_same_agreement(const DealView& a, const DealView& b) {
  const auto text = [](const Value* v) { return v == nullptr ? std::string("absent") : "shown " + display(*v); };
  for (const FieldInfo& field : all_fields()) {
    if (!field.shared) continue;
    EXPECT_EQ(text(a.base_crm.find(field.field)), text(b.base_crm.find(field.field))) << field.name;
    // A request for help is a record of its own: a referral that shows none says as much as an empty one.
    if (field.field == Field::help) continue;
    EXPECT_EQ(text(a.base_partner_center.find(field.field)), text(b.base_partner_center.find(field.field)))
        << field.name;
  }
}

TEST(Agreement, OfManyFieldsIsKeptAsImagesAndWhatDiffersFromThem) {
  World world;
  const auto id = world.new_opportunity(usual_opportunity("Alder Foods"));
  world.sync();
  store::DealRow row = world.deal_of(id);
  const DealView agreed = view_of(world, row);
  // The same agreement, field by field, as right after the referral was created; the sides moved on in three fields,
  // and of one nothing was agreed yet.
  row.crm.base = row.partner_center.base = ImageId{};
  std::vector<engine::AgreedField> fields;
  for (const FieldInfo& field : all_fields()) {
    const Value* crm = agreed.crm.deal.find(field.field);
    const Value* pc = agreed.partner_center.find(field.field);
    if (!field.shared || crm == nullptr || pc == nullptr || field.field == Field::close_date) continue;
    fields.push_back({field.field, *crm, *pc});
  }
  fields.push_back({Field::value, Money{1, "USD"}, Money{2, "USD"}});
  fields.push_back({Field::name, std::string("Alder"), std::string("Alder")});
  fields.push_back({Field::stage, Stage::s10, Stage::s10});

  store::DealRow folded = row;
  ASSERT_TRUE(engine::agree_on(world.pair(), folded, fields));
  const ImageId referral = std::exchange(row.partner_center.image, ImageId{});
  ASSERT_TRUE(engine::agree_on(world.pair(), row, fields)) << "without both images, each field has its mark";
  row.partner_center.image = referral;
  const auto marks_before = row.marks.size();
  ASSERT_GE(marks_before, 8U);
  EXPECT_EQ(folded.crm.base, row.crm.image);
  EXPECT_EQ(folded.partner_center.base, row.partner_center.image);
  EXPECT_LT(folded.marks.size(), marks_before);
  for (const char* differs : {"base.value", "base.name", "base.stage"}) EXPECT_EQ(folded.marks.count(differs), 1U);
  EXPECT_EQ(folded.marks.at("base.close_date"), "{}") << "nothing was agreed on it yet";
  expect_same_agreement(view_of(world, folded), view_of(world, row));
}

class CreatedDeal : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Crm, CreatedDeal, testing::Values("salesforce", "dynamics365"), name_of_crm);

// What was not sent with the create is empty until the opportunity is read. Without a picture of it, each such field
// would cost a mark, twice in the journal and once in the deal.
TEST_P(CreatedDeal, HasAPictureOfEveryColumnThatIsReadAndAgreesOnItInNoMarks) {
  World world({.crm = GetParam()});
  const auto referral = world.inbound({{"name", "Birch Clinics - secure workplace"}});
  world.sync();
  const store::DealRow row = world.deal_of(referral["id"]);
  const auto picture = world.pair().store->image(row.crm.image);
  ASSERT_TRUE(picture);
  for (const std::string& name : world.pair().mapping->columns_read()) EXPECT_TRUE(picture->contains(name)) << name;
  for (const auto& [mark, text] : row.marks) {
    EXPECT_TRUE(mark.rfind("base.", 0) != 0 || text == "{}") << mark << ": " << text;
  }
}

}  // namespace
}  // namespace cosell::test
