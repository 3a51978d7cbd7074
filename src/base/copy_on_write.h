// A value that its copies share until one of them is changed: copying costs a count, changing a shared one costs the
// copy that was put off. Copies may be read by several threads; one and the same object belongs to one at a time.
#pragma once

#include <atomic>
#include <utility>

namespace cosell {

template <class T>
class CopyOnWrite {
 public:
  CopyOnWrite() = default;
  CopyOnWrite(const CopyOnWrite& other) : shared_(other.shared_) {
    if (shared_ != nullptr) shared_->owners.fetch_add(1, std::memory_order_relaxed);
  }
  CopyOnWrite(CopyOnWrite&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  CopyOnWrite& operator=(CopyOnWrite other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~CopyOnWrite() {
    if (shared_ != nullptr && shared_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared_;
  }

  const T& read() const {
    static const T nothing{};
    return shared_ == nullptr ? nothing : shared_->value;
  }
  // For changing it; nobody else sees the change.
  T& write() {
    if (shared_ == nullptr) {
      shared_ = new Shared{};
    } else if (shared_->owners.load(std::memory_order_acquire) != 1) {
      *this = CopyOnWrite(new Shared(shared_->value));
    }
    return shared_->value;
  }
  // The very same value, not only an equal one.
  bool is(const CopyOnWrite& other) const { return shared_ == other.shared_; }

 private:
  struct Shared {
    Shared() = default;
    explicit Shared(const T& v) : value(v) {}
    T value{};
    std::atomic<int> owners = 1;
  };
  explicit CopyOnWrite(Shared* own) : shared_(own) {}

  Shared* shared_ = nullptr;  // nullptr: a T{}
};

}  // namespace cosell
