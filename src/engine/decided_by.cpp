// Two properties of the store, kept together.
#include "engine/decided_by.h"

#include "base/text.h"
#include "engine/recheck.h"

namespace cosell::engine {

namespace {

constexpr const char* mapping_property = "mapping_hash";
constexpr const char* settings_property = "settings_hash";

// Counts up whenever a newer program may decide otherwise on a deal that shows nothing new: what an older one decided,
// and told, is then decided anew once.
constexpr int rules_of_the_program = 2;

std::string settings_hash(const Pair& pair) {
  return text::sha256_hex(settings_text(pair.settings) + "\nrules " + std::to_string(rules_of_the_program));
}

}  // namespace

Result<DecidedBy> last_decided_by(store::Store& store) {
  auto mapping = store.property(mapping_property);
  if (!mapping) return mapping.error();
  auto settings = store.property(settings_property);
  if (!settings) return settings.error();
  return DecidedBy{std::move(*mapping), std::move(*settings)};
}

bool decides_as(const DecidedBy& last, const Pair& pair) {
  return last.mapping == pair.mapping->hash() && last.settings == settings_hash(pair);
}

Result<void> keep_decided_by(const Pair& pair) {
  if (auto done = pair.store->set_property(mapping_property, pair.mapping->hash()); !done) return done;
  return pair.store->set_property(settings_property, settings_hash(pair));
}

}  // namespace cosell::engine
