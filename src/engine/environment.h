// Is it still the same organisation behind each URL (F-69), and does the mapping still fit the CRM's stages? Asked on
// the first run, and then once a day; the CRM's stages also after a value turned up that the mapping does not know, and
// hourly while deals change: an idle cycle costs nothing for it.
#pragma once

#include <future>
#include <string>

#include "engine/background.h"
#include "engine/cycle.h"
#include "engine/pair.h"

namespace cosell::engine {

class Environment {
 public:
  Environment(const Pair& pair, CycleReport& report, const CycleOptions& options)
      : pair_(pair), report_(report), options_(options), reader_(pair.flies_in_background) {}

  // Before anything is read. Sets report.side_down when the side does not answer or is another one.
  Result<void> check(Side side);
  // The read position is of no use to the side any more: before everything is read anew, it is checked at once.
  Result<void> position_died(Side side);
  // The hourly look at the stages begins when nothing more is read from the CRM and ends when both sides are read: it
  // takes no time while Partner Center has more pages.
  Result<void> crm_is_read();
  Result<void> sides_are_read();
  // A stage that is new to the mapping is told at once. Should the CRM not answer, the next sync begins with it.
  Result<void> look_at_the_end();

 private:
  // False: it is another one than at the last sync, and the run ends for it (F-69).
  bool is_the_same(Side side, const std::string& known, const std::string& described);
  Result<void> take(const Result<Descriptor>& described);
  Result<void> forget_stages();
  Result<bool> stages_look_due();

  const Pair& pair_;
  CycleReport& report_;
  const CycleOptions& options_;
  std::string described_at_;     // when all of it was described, while that is forgotten in the store
  bool stages_are_new_ = false;  // asked for in this run
  std::future<Result<Descriptor>> stages_;
  Background reader_;  // the last member, so that its work ends before the others go
};

}  // namespace cosell::engine
