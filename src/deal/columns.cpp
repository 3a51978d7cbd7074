// Columns in order, and the names that they share.
#include "deal/columns.h"

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <unordered_set>

namespace cosell {
namespace {

struct HashOfName {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>()(name); }
};

const std::string& known_name(std::string_view name) {
  static std::mutex mutex;
  static std::unordered_set<std::string, HashOfName, std::equal_to<>> names;  // never moves what it holds
  const std::lock_guard lock(mutex);
  const auto known = names.find(name);
  return known == names.end() ? *names.emplace(name).first : *known;
}

template <class Entries>
auto place_of(Entries& entries, std::string_view name) {
  return std::lower_bound(entries.begin(), entries.end(), name,
                          [](const auto& entry, std::string_view wanted) { return *entry.name < wanted; });
}

}  // namespace

const std::string& column_name(std::string_view name) {
  thread_local std::array<const std::string*, 256> asked_last{};
  const std::string*& known = asked_last[HashOfName()(name) % asked_last.size()];
  if (known == nullptr || *known != name) known = &known_name(name);
  return *known;
}

Columns::const_iterator Columns::find(std::string_view name) const {
  const auto& entries = entries_.read();
  const auto found = place_of(entries, name);
  return found == entries.end() || *found->name != name ? end() : const_iterator(&*found);
}

const Value& Columns::at(std::string_view name) const {
  const auto found = find(name);
  if (found == end()) throw std::out_of_range("no column " + std::string(name));
  return found->second;
}

void Columns::set(std::string_view name, Value value) {
  auto& entries = entries_.write();
  if (entries.capacity() == 0) entries.reserve(16);
  if (entries.empty() || *entries.back().name < name) {
    entries.push_back(Entry{&column_name(name), std::move(value)});
    return;
  }
  const auto place = place_of(entries, name);
  if (*place->name == name) {
    place->value = std::move(value);
  } else {
    entries.insert(place, Entry{&column_name(name), std::move(value)});
  }
}

bool Columns::erase(std::string_view name) {
  if (!contains(name)) return false;
  auto& entries = entries_.write();
  entries.erase(place_of(entries, name));
  return true;
}

void Columns::add_missing(const Columns& others) {
  if (empty()) {
    *this = others;
    return;
  }
  auto& own = entries_.write();
  const auto& more = others.entries_.read();
  std::vector<Entry> all;
  all.reserve(own.size() + more.size());
  auto next = own.begin();
  for (const Entry& other : more) {
    while (next != own.end() && *next->name < *other.name) all.push_back(std::move(*next++));
    if (next == own.end() || *next->name != *other.name) all.push_back(other);
  }
  std::move(next, own.end(), std::back_inserter(all));
  own = std::move(all);
}

bool Columns::append(const std::string& name, Value value) {
  auto& entries = entries_.write();
  if (entries.capacity() == 0) entries.reserve(16);
  if (!entries.empty() && *entries.back().name >= name) return false;
  entries.push_back(Entry{&name, std::move(value)});
  return true;
}

const Value& column(const Columns& columns, std::string_view name) {
  static const Value blank;
  const auto found = columns.find(name);
  return found == columns.end() ? blank : found->second;
}

}  // namespace cosell
