// Labels in the store: one property, as canonical JSON.
#include "engine/labels.h"

#include <set>

#include "base/json.h"

namespace cosell::engine {

namespace {

constexpr const char* labels_property = "labels.crm";

}  // namespace

Result<void> note_labels(const Pair& pair, const std::vector<ColumnInfo>& columns) {
  std::set<std::string> wanted;
  for (const std::string& name : pair.mapping->columns_read()) {
    wanted.insert(name);
    wanted.insert(name.substr(0, name.find('.')));  // the column that refers to the other record
  }
  auto labels = json::Value::object();
  for (const ColumnInfo& c : columns) {
    if (wanted.count(c.name) > 0 && !c.label.empty()) labels.set(c.name, json::Value::string(c.label));
  }
  return pair.store->set_property(labels_property, json::canonical(labels));
}

Result<Labels> known_labels(store::Store& store) {
  auto stored = store.property(labels_property);
  if (!stored) return stored.error();
  Labels labels;
  const auto parsed = json::read(stored->empty() ? "{}" : *stored);
  if (!parsed) return labels;
  for (const json::Member& m : parsed->members()) labels[m.key] = m.value.text();
  return labels;
}

}  // namespace cosell::engine
