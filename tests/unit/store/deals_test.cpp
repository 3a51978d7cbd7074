// Deals and images in the store.
#include <vector>

#include "store_testing.h"

namespace cosell::store {
namespace {

using testing::expect_ok;
using testing::full_deal;
using testing::kStart;
using testing::text_of_deal;
using testing::value_of;

class StoredDeals : public testing::StoreTest {
 protected:
  DealId add(Store& store, const std::string& title, const std::function<void(DealRow&)>& change = nullptr) {
    DealRow row;
    row.title = title;
    if (change) change(row);
    return value_of(store.add_deal(row));
  }
  std::vector<std::string> titles(const Result<std::vector<DealRow>>& rows) {
    std::vector<std::string> all;
    if (!rows) ADD_FAILURE() << rows.error().message << rows.error().detail;
    for (const DealRow& row : rows ? *rows : std::vector<DealRow>()) all.push_back(row.title);
    return all;
  }
  using Titles = std::vector<std::string>;
};

TEST_F(StoredDeals, KeepEveryMemberAcrossReopening) {
  DealRow row;
  {
    auto store = open();
    const ImageId image = value_of(store->put_image({{"Name", std::string("Contoso")}}));
    row = full_deal(image);
    row.id = value_of(store->add_deal(row));
  }
  auto store = open();
  const auto back = value_of(store->deal(row.id));
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(text_of_deal(*back), text_of_deal(row));
}

TEST_F(StoredDeals, KeepEveryMemberThatAnUpdateChanges) {
  auto store = open();
  const ImageId image = value_of(store->put_image({{"Name", std::string("Contoso")}}));
  const DealRow target = full_deal(image);
  // One member at a time from an empty row to a full one and back, so that no group of columns hides another.
  const std::vector<std::function<void(DealRow&, const DealRow&)>> steps = {
      [](DealRow& r, const DealRow& t) { r.title = t.title; },
      [](DealRow& r, const DealRow& t) { r.owner = t.owner; },
      [](DealRow& r, const DealRow& t) { r.owner_email = t.owner_email; },
      [](DealRow& r, const DealRow& t) { r.engagement_id = t.engagement_id; },
      [](DealRow& r, const DealRow& t) { r.crm.record_id = t.crm.record_id; },
      [](DealRow& r, const DealRow& t) { r.crm.version = t.crm.version; },
      [](DealRow& r, const DealRow& t) { r.crm.existence = t.crm.existence; },
      [](DealRow& r, const DealRow& t) { r.crm.image = t.crm.image; },
      [](DealRow& r, const DealRow& t) { r.crm.base = t.crm.base; },
      [](DealRow& r, const DealRow& t) { r.crm.seen_at = t.crm.seen_at; },
      [](DealRow& r, const DealRow& t) { r.crm.changed_at = t.crm.changed_at; },
      [](DealRow& r, const DealRow& t) { r.partner_center.record_id = t.partner_center.record_id; },
      [](DealRow& r, const DealRow& t) { r.partner_center.version = t.partner_center.version; },
      [](DealRow& r, const DealRow& t) { r.partner_center.existence = t.partner_center.existence; },
      [](DealRow& r, const DealRow& t) { r.partner_center.image = t.partner_center.image; },
      [](DealRow& r, const DealRow& t) { r.partner_center.base = t.partner_center.base; },
      [](DealRow& r, const DealRow& t) { r.partner_center.seen_at = t.partner_center.seen_at; },
      [](DealRow& r, const DealRow& t) { r.partner_center.changed_at = t.partner_center.changed_at; },
      [](DealRow& r, const DealRow& t) { r.microsoft = t.microsoft; },
      [](DealRow& r, const DealRow& t) { r.microsoft_id = t.microsoft_id; },
      [](DealRow& r, const DealRow& t) { r.ask_microsoft_at = t.ask_microsoft_at; },
      [](DealRow& r, const DealRow& t) { r.state = t.state; },
      [](DealRow& r, const DealRow& t) { r.waits_for = t.waits_for; },
      [](DealRow& r, const DealRow& t) { r.reason = t.reason; },
      [](DealRow& r, const DealRow& t) { r.message = t.message; },
      [](DealRow& r, const DealRow& t) { r.next_step = t.next_step; },
      [](DealRow& r, const DealRow& t) { r.since = t.since; },
      [](DealRow& r, const DealRow& t) { r.look_again_at = t.look_again_at; },
      [](DealRow& r, const DealRow& t) { r.dirty = t.dirty; },
      [](DealRow& r, const DealRow& t) { r.marks = t.marks; },
  };
  DealRow row;
  row.id = value_of(store->add_deal(row));
  for (const DealRow& goal : {target, DealRow{}}) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
      steps[i](row, goal);
      expect_ok(store->update_deal(row));
      EXPECT_EQ(text_of_deal(*value_of(store->deal(row.id))), text_of_deal(row)) << "step " << i;
    }
  }
}

TEST_F(StoredDeals, AreNotWrittenWhenNothingDiffers) {
  auto store = open();
  DealRow row = full_deal(value_of(store->put_image({})));
  row.id = value_of(store->add_deal(row));
  const auto before = std::filesystem::file_size(path_ + "-wal");
  expect_ok(store->update_deal(row));
  EXPECT_EQ(std::filesystem::file_size(path_ + "-wal"), before);
  row.message = "Another message.";
  expect_ok(store->update_deal(row));
  EXPECT_GT(std::filesystem::file_size(path_ + "-wal"), before);
}

TEST_F(StoredDeals, AreFoundByTheirRecords) {
  auto store = open();
  const DealId a = add(*store, "a", [](DealRow& r) { r.crm.record_id = "006A"; });
  const DealId b = add(*store, "b", [](DealRow& r) { r.partner_center.record_id = "006A"; });
  add(*store, "no records");
  EXPECT_EQ(value_of(store->deal_by_record(Side::crm, "006A"))->id, a);
  EXPECT_EQ(value_of(store->deal_by_record(Side::partner_center, "006A"))->id, b);
  EXPECT_FALSE(value_of(store->deal_by_record(Side::crm, "006a")).has_value());
  EXPECT_FALSE(value_of(store->deal_by_record(Side::crm, "")).has_value());
  EXPECT_FALSE(value_of(store->deal(DealId(99))).has_value());
}

TEST_F(StoredDeals, NeverShareARecord) {  // I-16
  auto store = open();
  add(*store, "first", [](DealRow& r) { r.crm.record_id = "006A"; });
  DealRow twin;
  twin.crm.record_id = "006A";
  const auto refused = store->add_deal(twin);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorClass::bug);
  EXPECT_EQ(titles(store->deals({})), Titles{"first"});
}

TEST_F(StoredDeals, OfOneEngagementAreListed) {
  auto store = open();
  add(*store, "a", [](DealRow& r) { r.engagement_id = "E"; });
  add(*store, "b", [](DealRow& r) { r.engagement_id = "F"; });
  add(*store, "c", [](DealRow& r) { r.engagement_id = "E"; });
  add(*store, "none");
  EXPECT_EQ(titles(store->deals_by_engagement("E")), (Titles{"a", "c"}));
  EXPECT_EQ(titles(store->deals_by_engagement("")), Titles{});
}

TEST_F(StoredDeals, AreFilteredByWhatPeopleKnow) {
  auto store = open();
  add(*store, "Contoso \xE2\x80\x94 500 Seats", [](DealRow& r) {
    r.owner = "J\xC3\x9CRGEN M\xC3\xBCller";
    r.owner_email = "Juergen@Example.com";
    r.state = DealState::waiting;
    r.waits_for = WaitFor::seller;
    r.reason = "missing_field";
  });
  add(*store, "Fabrikam (50%)", [](DealRow& r) { r.dirty = true; });
  add(*store, "Skipped", [](DealRow& r) { r.state = DealState::skipped; });
  const auto with = [](const std::function<void(DealFilter&)>& change) {
    DealFilter filter;
    change(filter);
    return filter;
  };
  const Titles contoso{"Contoso \xE2\x80\x94 500 Seats"};
  EXPECT_EQ(titles(store->deals({})).size(), 3U);
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.state = DealState::waiting; }))), contoso);
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.waits_for = WaitFor::seller; }))), contoso);
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.reason = "missing_field"; }))), contoso);
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.reason = "missing"; }))), Titles{});
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.owner = "j\xC3\xBCrgen m\xC3\xBCller"; }))), contoso);
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.owner = "JUERGEN@example.com"; }))), contoso);
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.owner = "M\xC3\xBCller"; }))), contoso);
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.owner = "example.com"; }))), Titles{});
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.name_part = "CONTOSO - 500"; }))), contoso);
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.name_part = "%"; }))), Titles{"Fabrikam (50%)"});
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.dirty_only = true; }))), Titles{"Fabrikam (50%)"});
  EXPECT_EQ(titles(store->deals(with([](DealFilter& f) { f.include_skipped = false; }))).size(), 2U);
}

TEST_F(StoredDeals, AreFilteredByTheSideThatDoesNotShowThem) {
  auto store = open();
  const auto linked = [&](const char* title, Existence in_crm, Existence in_partner_center) {
    add(*store, title, [&](DealRow& row) {
      row.crm.record_id = std::string("crm ") + title;
      row.crm.existence = in_crm;
      row.partner_center.record_id = std::string("referral ") + title;
      row.partner_center.existence = in_partner_center;
    });
  };
  linked("there", Existence::live, Existence::live);
  linked("hidden there", Existence::live, Existence::out_of_scope);
  linked("only named", Existence::unseen, Existence::live);
  linked("deleted", Existence::deleted, Existence::live);
  add(*store, "alone", [](DealRow& row) {
    row.crm.record_id = "crm alone";
    row.crm.existence = Existence::out_of_scope;
  });
  DealFilter filter;
  filter.out_of_sight = Side::crm;
  EXPECT_EQ(titles(store->deals(filter)), Titles{"only named"});
  filter.out_of_sight = Side::partner_center;
  EXPECT_EQ(titles(store->deals(filter)), Titles{"hidden there"});
}

TEST_F(StoredDeals, ComeInPagesById) {
  auto store = open();
  for (const char* title : {"a", "b", "c", "d", "e"}) add(*store, title);
  DealFilter filter;
  filter.limit = 2;
  Titles seen;
  while (true) {
    const auto page = value_of(store->deals(filter));
    if (page.empty()) break;
    EXPECT_LE(page.size(), 2U);
    for (const DealRow& row : page) seen.push_back(row.title);
    filter.after = page.back().id;
  }
  EXPECT_EQ(seen, (Titles{"a", "b", "c", "d", "e"}));
}

TEST_F(StoredDeals, AreDecidedOnWhenDirtyOrWhenTheirTimeHasCome) {
  auto store = open();
  const DealId first = add(*store, "dirty", [](DealRow& r) { r.dirty = true; });
  add(*store, "quiet");
  add(*store, "due", [](DealRow& r) { r.look_again_at = kStart; });
  add(*store, "later", [](DealRow& r) { r.look_again_at = kStart + milliseconds(1); });
  add(*store, "answer due", [](DealRow& r) { r.ask_microsoft_at = kStart - hours(1); });
  add(*store, "both", [](DealRow& r) {
    r.dirty = true;
    r.look_again_at = kStart;
  });
  EXPECT_EQ(titles(store->deals_to_decide(kStart, DealId(), 10)), (Titles{"dirty", "due", "answer due", "both"}));
  EXPECT_EQ(titles(store->deals_to_decide(kStart, first, 2)), (Titles{"due", "answer due"}));
  EXPECT_EQ(titles(store->deals_to_decide(kStart - days(1), DealId(), 10)), (Titles{"dirty", "both"}));
}

TEST_F(StoredDeals, AreAskedAboutAtMicrosoftWhenTheirTimeHasCome) {
  auto store = open();
  add(*store, "dirty", [](DealRow& r) { r.dirty = true; });
  const DealId a = add(*store, "a", [](DealRow& r) { r.ask_microsoft_at = kStart; });
  add(*store, "later", [](DealRow& r) { r.ask_microsoft_at = kStart + seconds(1); });
  add(*store, "b", [](DealRow& r) { r.ask_microsoft_at = kStart - days(3); });
  EXPECT_EQ(titles(store->deals_to_ask_microsoft(kStart, DealId(), 10)), (Titles{"a", "b"}));
  EXPECT_EQ(titles(store->deals_to_ask_microsoft(kStart, DealId(), 1)), Titles{"a"});
  EXPECT_EQ(titles(store->deals_to_ask_microsoft(kStart, a, 10)), Titles{"b"});
}

TEST_F(StoredDeals, AreCountedByStateAndReason) {
  auto store = open();
  for (int i = 0; i < 3; ++i) add(*store, "a", [](DealRow& r) { r.state = DealState::in_sync; });
  add(*store, "b", [](DealRow& r) {
    r.state = DealState::waiting;
    r.waits_for = WaitFor::date;
    r.reason = "settling";
  });
  std::string counts;
  for (const StateCount& c : value_of(store->count_deals())) {
    counts += std::string(name_of(c.state)) + "/" + name_of(c.waits_for) + "/" + c.reason + "=" +
              std::to_string(c.deals) + " ";
  }
  EXPECT_EQ(counts, "in_sync/nobody/=3 waiting/date/settling=1 ");
}

TEST_F(StoredDeals, AreCountedAnewAfterEachChangeAndAfterARollback) {
  auto store = open();
  const auto counts = [&] {
    std::string text;
    for (const StateCount& c : value_of(store->count_deals())) {
      text += std::string(name_of(c.state)) + "/" + c.reason + "=" + std::to_string(c.deals) + " ";
    }
    return text;
  };
  const DealId a = add(*store, "a");
  EXPECT_EQ(counts(), "changed/=1 ");
  const DealId b = add(*store, "b");
  EXPECT_EQ(counts(), "changed/=2 ");
  DealRow row = *value_of(store->deal(a));
  row.state = DealState::failed;
  row.reason = "rejected";
  const auto failed = store->transaction([&]() -> Result<void> {
    expect_ok(store->update_deal(row));
    EXPECT_EQ(counts(), "changed/=1 failed/rejected=1 ");
    return make_error(ErrorClass::guard, "Stopped.");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(counts(), "changed/=2 ");
  expect_ok(store->update_deal(row));
  EXPECT_EQ(counts(), "changed/=1 failed/rejected=1 ");
  expect_ok(store->remove_deal(b, a));
  EXPECT_EQ(counts(), "failed/rejected=1 ");
}

TEST_F(StoredDeals, LeaveNoNumberBehindForOthersWhenRemoved) {
  auto store = open();
  const DealId first = add(*store, "a");
  const DealId last = add(*store, "b");
  expect_ok(store->remove_deal(last, first));
  EXPECT_FALSE(value_of(store->deal(last)).has_value());
  EXPECT_GT(add(*store, "c"), last);
  EXPECT_FALSE(store->remove_deal(last, first).has_value());
  EXPECT_FALSE(store->remove_deal(first, first).has_value()) << "into itself";
  EXPECT_FALSE(store->remove_deal(first, last).has_value()) << "into one that is gone";
}

TEST_F(StoredDeals, GetANumberOfTheirOwnWhenCopied) {
  auto store = open();
  DealRow row;
  row.id = value_of(store->add_deal(row));
  EXPECT_NE(value_of(store->add_deal(row)), row.id);
}

TEST_F(StoredDeals, CannotBeUpdatedWhenUnknown) {
  auto store = open();
  DealRow row;
  row.id = DealId(42);
  EXPECT_FALSE(store->update_deal(row).has_value());
}

TEST_F(StoredDeals, CannotPointToAnImageThatIsNotThere) {
  auto store = open();
  DealRow row;
  row.crm.image = ImageId(7);
  EXPECT_FALSE(store->add_deal(row).has_value());
}

class StoredImages : public testing::StoreTest {};

TEST_F(StoredImages, AreTheSameAsLongAsTheRecordShowsTheSame) {
  const Columns columns = {{"Name", std::string("Contoso")}, {"Amount", Money{100, "EUR"}}};
  ImageId first;
  {
    auto store = open();
    first = value_of(store->put_image(columns));
    EXPECT_NE(value_of(store->put_image({{"Name", std::string("Fabrikam")}}, first)), first);
    EXPECT_EQ(value_of(store->put_image(columns, first)), first);
  }
  auto store = open();
  EXPECT_EQ(value_of(store->put_image(columns, first)), first);
  EXPECT_EQ(value_of(store->image(first)), columns);
  EXPECT_FALSE(store->image(ImageId(99)).has_value());
  EXPECT_FALSE(store->image(ImageId()).has_value());
}

TEST_F(StoredImages, KeepOnlyWhatDiffersFromTheOneBefore) {
  const Columns whole = {{"A", std::string("a")}, {"B", std::string("b")}, {"C", Value{}}, {"D", std::string("d")}};
  Columns edited = whole;
  edited["B"] = std::string("another b");
  Columns cleared = edited;
  cleared["A"] = Value{};
  Columns completed = edited;
  completed["E"] = Number{"5"};
  Columns without = edited;
  without.erase("A");
  const Columns other = {{"A", Number{"1"}}, {"B", Number{"2"}}, {"C", Number{"3"}}, {"D", Number{"4"}}};
  std::vector<std::pair<ImageId, Columns>> kept;
  {
    auto store = open();
    ImageId before;
    for (const Columns& columns : {whole, edited, cleared, completed, without, other}) {
      before = value_of(store->put_image(columns, before));
      kept.emplace_back(before, columns);
      EXPECT_EQ(value_of(store->put_image(columns, before)), before) << "known, however it is kept";
    }
    EXPECT_EQ(value_of(store->put_image({{"A", std::string("a")}}, ImageId(99))).value, 7);
  }
  auto store = open();
  for (auto it = kept.rbegin(); it != kept.rend(); ++it) EXPECT_EQ(value_of(store->image(it->first)), it->second);
  store.reset();
  EXPECT_EQ(raw_text("SELECT group_concat(coalesce(differs_from, 'whole')) FROM images"),
            "whole,1,1,1,whole,whole,whole");
  EXPECT_EQ(raw_text("SELECT columns FROM images WHERE id = 2"), R"({"B":"another b"})");
}

}  // namespace
}  // namespace cosell::store
