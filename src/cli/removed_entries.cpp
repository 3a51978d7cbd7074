// Told wherever the history is: what is not there would otherwise read as if it had never been.
#include "cli/removed_entries.h"

#include "engine/past.h"

namespace cosell::cli {

Result<std::string> removed_entries_note(const engine::Pair& pair, DealId deal) {
  auto lacking = engine::lacks_its_beginning(pair, deal);
  if (!lacking) return lacking.error();
  if (!*lacking) return std::string();
  auto checkpoint = pair.store->journal_checkpoint();
  if (!checkpoint) return checkpoint.error();
  const std::string when = checkpoint->sequence == 0 ? "" : " at " + to_string_minutes(checkpoint->pruned_at) + " UTC";
  return "Older entries were removed" + when + " (cosell journal prune); what they said is not known any more.";
}

}  // namespace cosell::cli
