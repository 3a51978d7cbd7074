// The thread and its queue.
#include "engine/background.h"

namespace cosell::engine {

Background::~Background() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    waiting_.clear();
  }
  changed_.notify_one();
  thread_.join();
}

void Background::put(std::function<void()> work) {
  // First, so that nothing is left waiting when there is no thread to be had.
  if (!thread_.joinable()) thread_ = std::thread([this] { work_on(); });
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(work));
  }
  changed_.notify_one();
}

void Background::work_on() {
  while (true) {
    std::function<void()> work;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ends_ || !waiting_.empty(); });
      if (ends_) return;
      work = std::move(waiting_.front());
      waiting_.pop_front();
    }
    work();
  }
}

}  // namespace cosell::engine
