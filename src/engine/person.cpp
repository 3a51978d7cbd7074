// What the commands of people share.
#include "engine/person.h"

namespace cosell::engine {

Result<store::DealRow> known_deal(store::Store& store, DealId id) {
  auto row = store.deal(id);
  if (!row) return row.error();
  if (!*row) return make_error(ErrorClass::not_found, "There is no such deal any more.");
  return *std::move(*row);
}

Result<void> note_person(const Pair& pair, DealId deal, const std::string& summary, const std::string& payload) {
  store::JournalEntry entry;
  entry.at = pair.clock->now();
  entry.deal = deal;
  entry.kind = store::JournalKind::person;
  entry.summary = summary;
  entry.payload = payload;
  return pair.store->journal(entry);
}

}  // namespace cosell::engine
