// Reading pages ahead.
#include "engine/read_ahead.h"

#include <utility>

namespace cosell::engine {

namespace {

constexpr std::size_t small_page = 512;  // rows; beside a larger one, the next would take much memory
constexpr std::size_t rows_ahead = 600;  // read and not taken yet, until no more are asked for

}  // namespace

ReadAhead::~ReadAhead() {
  const std::lock_guard lock(mutex_);
  ends_ = true;
}

void ReadAhead::begin(Cursor cursor) {
  const std::lock_guard lock(mutex_);
  ready_.clear();
  rows_ready_ = 0;
  last_was_small_ = true;
  goes_on_ = std::move(cursor);
  if (pair_.flies_in_background) read_on();
}

Result<Page> ReadAhead::next() {
  std::unique_lock lock(mutex_);
  if (thrown_) std::rethrow_exception(thrown_);
  if (!pair_.flies_in_background) {
    const Cursor from = std::move(*goes_on_);
    arrived(read(from), from);
  } else if (ready_.empty()) {
    read_on();
    changed_.wait(lock, [this] { return !ready_.empty() || thrown_; });
    if (thrown_) std::rethrow_exception(thrown_);
  }
  Result<Page> page = std::move(ready_.front());
  ready_.pop_front();
  if (page) rows_ready_ -= page->seen.size();
  if (pair_.flies_in_background && may_read_on()) read_on();
  return page;
}

Result<Page> ReadAhead::read(const Cursor& from) {
  PullRequest request;
  request.cursor = from;
  request.columns = pair_.mapping->columns_read();
  Call call = pair_.call(side_);
  return pair_.connector(side_).pull(call, request);
}

void ReadAhead::arrived(Result<Page> page, const Cursor& from) {
  goes_on_.reset();
  if (page && !page->caught_up && page->next != from) goes_on_ = page->next;
  last_was_small_ = page && page->seen.size() <= small_page;
  if (page) rows_ready_ += page->seen.size();
  ready_.push_back(std::move(page));
}

bool ReadAhead::may_read_on() const { return goes_on_ && last_was_small_ && rows_ready_ < rows_ahead && !ends_; }

void ReadAhead::read_on() {
  if (reads_ || !goes_on_) return;
  reads_ = true;
  reader_.run([this] {
    std::unique_lock lock(mutex_);
    try {
      do {
        const Cursor from = *goes_on_;
        lock.unlock();
        auto page = read(from);
        lock.lock();
        arrived(std::move(page), from);
        changed_.notify_one();
      } while (may_read_on());
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      thrown_ = std::current_exception();
      changed_.notify_one();
    }
    reads_ = false;
  });
}

}  // namespace cosell::engine
