// What one side shows of one record: its own column names with typed values, in the order of the names.
//
// The same names come again with every record, so each is kept once for the life of the program; and the same columns
// pass through many hands, so copies share them until one is changed.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/copy_on_write.h"
#include "deal/value.h"

namespace cosell {

// The one text that all columns of this name share. Names come from mappings and systems' schemas, which are limited.
const std::string& column_name(std::string_view name);

class Columns {
  struct Entry {
    const std::string* name;  // column_name()
    Value value;
    bool operator==(const Entry&) const = default;
  };

 public:
  // Parent columns are paths ("Account.Name").
  using value_type = std::pair<const std::string&, const Value&>;

  class const_iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Columns::value_type;
    using difference_type = std::ptrdiff_t;
    using reference = value_type;
    struct pointer {
      value_type pair;
      const value_type* operator->() const { return &pair; }
    };
    const_iterator() = default;
    explicit const_iterator(const Entry* at) : at_(at) {}
    value_type operator*() const { return {*at_->name, at_->value}; }
    pointer operator->() const { return {**this}; }
    const_iterator& operator++() {
      ++at_;
      return *this;
    }
    const_iterator operator++(int) { return const_iterator(at_++); }
    bool operator==(const const_iterator&) const = default;

   private:
    const Entry* at_ = nullptr;
  };
  using iterator = const_iterator;

  Columns() = default;
  Columns(std::initializer_list<std::pair<std::string_view, Value>> columns) {
    for (const auto& [name, value] : columns) set(name, value);
  }

  std::size_t size() const { return entries_.read().size(); }
  bool empty() const { return size() == 0; }
  const_iterator begin() const { return const_iterator(entries_.read().data()); }
  const_iterator end() const { return const_iterator(entries_.read().data() + size()); }
  const_iterator find(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name) != end(); }
  std::size_t count(std::string_view name) const { return contains(name) ? 1 : 0; }
  const Value& at(std::string_view name) const;  // must be there

  void set(std::string_view name, Value value);
  // A column by name: `columns[name] = value` sets it, and as a value it is blank when there is none. What is assigned
  // is taken before anything moves, so that it may come from the same columns.
  class Named {
   public:
    Named(Columns& columns, std::string_view name) : columns_(columns), name_(name) {}
    void operator=(Value value) const { columns_.set(name_, std::move(value)); }
    void operator=(const Named& other) const { *this = static_cast<const Value&>(other); }
    operator const Value&() const;  // NOLINT(google-explicit-constructor)

   private:
    Columns& columns_;
    std::string_view name_;
  };
  Named operator[](std::string_view name) { return {*this, name}; }
  bool erase(std::string_view name);
  // Adds what `others` have and this has not.
  void add_missing(const Columns& others);
  // Adds one whose name, a column_name(), comes behind all others; false when it does not.
  bool append(const std::string& name, Value value);
  void reserve(std::size_t columns) { entries_.write().reserve(columns); }

  template <class Unwanted>
  friend void erase_if(Columns& columns, Unwanted unwanted) {
    std::erase_if(columns.entries_.write(), [&](const Entry& e) { return unwanted(value_type{*e.name, e.value}); });
  }
  friend bool operator==(const Columns& a, const Columns& b) {
    return a.entries_.is(b.entries_) || a.entries_.read() == b.entries_.read();
  }

 private:
  CopyOnWrite<std::vector<Entry>> entries_;
};

const Value& column(const Columns& columns, std::string_view name);  // blank when absent

inline Columns::Named::operator const Value&() const { return column(columns_, name_); }

}  // namespace cosell
