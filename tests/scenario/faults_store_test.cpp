// Faults of the disk during a sync, F-59 and F-60, as the sides see them.
#include <optional>

#include "faults.h"
#include "tests/support/faulty_vfs.h"

namespace cosell::test {
namespace {

class DiskFaults : public FaultStory {};
INSTANTIATE_TEST_SUITE_P(Crm, DiskFaults, testing::Values("salesforce", "dynamics365"), name_of_crm);

// At every place of a first sync at which a disk can fill up.
TEST_P(DiskFaults, F59_AFullDiskStopsTheSyncBeforeItsNextWriteAndNothingIsDoneTwice) {  // I-17, I-18, I-28, F-60
  FaultyVfs disk("filling", FaultyVfs::Use::by_all);
  int stopped = 0;
  int with_writes_before = 0;
  bool met = true;
  for (int position = 1; met; position += 13) {
    const std::string where = "the disk is full at its operation " + std::to_string(position);
    World world({.crm = GetParam(), .seed = static_cast<std::uint64_t>(position)});
    for (int i = 0; i < 3; ++i) world.new_opportunity(usual_opportunity("Deal " + std::to_string(i)));
    world.inbound();
    world.reset_stats();
    std::optional<std::int64_t> written_when_full;  // by the first request after that, if there is any
    world.wire = [&](Side, const http::Request& r, const World::Go& go) {
      if (disk.fired() > 0 && !written_when_full) written_when_full = writes_of_both(world);
      return go(r);
    };
    disk.fail(position, FaultyVfs::Duration::from_then_on, SQLITE_FULL);
    const auto report = engine::run_cycle(world.pair(), {});
    met = disk.fired() > 0;
    world.wire = nullptr;
    if (met && !report) {
      ++stopped;
      with_writes_before += world.writes(Side::partner_center) > 0 ? 1 : 0;
      EXPECT_EQ(report.error().rule, "disk_full") << where << ": " << report.error().message;
    }
    EXPECT_EQ(written_when_full.value_or(writes_of_both(world)), writes_of_both(world)) << where;
    disk.fail(0, FaultyVfs::Duration::once, 0);
    world.restart();
    world.advance(minutes(2));
    CycleOptions options;
    options.wait_for_lost_creates = true;
    world.sync(options);
    world.sync(options);
    EXPECT_EQ(world.referrals().size(), 4U) << where;
    EXPECT_EQ(world.opportunities().size(), 4U) << where;
    for (const auto& opportunity : world.opportunities()) EXPECT_FALSE(opportunity["referral_id"].is_null()) << where;
    EXPECT_TRUE(world.store().verify_journal()) << where;
    if (HasFailure()) break;
  }
  EXPECT_GT(stopped, 5);
  EXPECT_GT(with_writes_before, 2);
}

}  // namespace
}  // namespace cosell::test
