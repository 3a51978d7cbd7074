// The pages of one side, in their order. While small ones are stored, or the other side is, those behind them are read
// on a thread of their own, where the pair allows one.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>

#include "engine/background.h"
#include "engine/pair.h"

namespace cosell::engine {

class ReadAhead {
 public:
  ReadAhead(const Pair& pair, Side side) : pair_(pair), side_(side), reader_(pair.flies_in_background) {}
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  // Ends after the page that is being read.
  ~ReadAhead();

  // Reads from there on; what was read ahead before is forgotten. Not while a page is being read.
  void begin(Cursor cursor);
  // Waits for the next page. After an error, a page that has caught up and one that stands still there is none.
  Result<Page> next();

 private:
  Result<Page> read(const Cursor& from);
  // The page as it came; says where it goes on.
  void arrived(Result<Page> page, const Cursor& from);
  void read_on();
  bool may_read_on() const;

  const Pair& pair_;
  const Side side_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Result<Page>> ready_;
  std::size_t rows_ready_ = 0;
  std::optional<Cursor> goes_on_;  // nothing at the end
  bool last_was_small_ = true;
  std::exception_ptr thrown_;
  bool reads_ = false;
  bool ends_ = false;
  Background reader_;  // the last member, so that its work ends before the others go
};

}  // namespace cosell::engine
