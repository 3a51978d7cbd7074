// A thread for what waits for a side: one thing after the other. It is one and the same thread, so that what it leaves
// behind in memory is used again.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

namespace cosell::engine {

class Background {
 public:
  // Without a thread, each thing is done when its result is asked for.
  explicit Background(bool has_thread) : has_thread_(has_thread) {}
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;
  // Waits for what was begun; what was not begun is left undone.
  ~Background();

  template <class Work>
  auto run(Work work) -> std::future<decltype(work())> {
    if (!has_thread_) return std::async(std::launch::deferred, std::move(work));
    auto task = std::make_shared<std::packaged_task<decltype(work())()>>(std::move(work));
    auto result = task->get_future();
    put([task = std::move(task)] { (*task)(); });
    return result;
  }

 private:
  void put(std::function<void()> work);
  void work_on();

  const bool has_thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  bool ends_ = false;
  std::thread thread_;  // begun with the first thing to do
};

}  // namespace cosell::engine
