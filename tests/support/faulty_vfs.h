// SQLite's usual file layer with one flaw: the n-th operation that changes a file fails, once or from then on. Counts
// operations, so that a test can try every position and see that its fault was met. A power cut may follow. Waiting for
// a lock takes no time in it and is counted as well.
#pragma once

#include <sqlite3.h>

#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace cosell::test {

class FaultyVfs {
 public:
  enum class Duration { once, from_then_on };

  // by_all: also used where nobody names it.
  enum class Use { by_name, by_all };

  explicit FaultyVfs(const std::string& name, Use use = Use::by_name) : name_(name) {
    usual() = sqlite3_vfs_find(nullptr);
    vfs_ = *usual();
    vfs_.zName = name_.c_str();
    vfs_.pNext = nullptr;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + usual()->szOsFile;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    vfs_.xSleep = sleep;
    sqlite3_vfs_register(&vfs_, use == Use::by_all ? 1 : 0);
    current() = this;
  }
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;
  ~FaultyVfs() {
    current() = nullptr;
    sqlite3_vfs_unregister(&vfs_);
    sqlite3_vfs_register(usual(), 1);
  }

  // The n-th changing operation from now on fails; 0: none.
  void fail(int n, Duration duration, int code) {
    position_ = n;
    duration_ = duration;
    code_ = code;
    count_ = 0;
    fired_ = 0;
  }
  int count() const { return count_; }
  int fired() const { return fired_; }

  // A power cut now: of what was written and not flushed since, each write is on the disk or is not. Returns how many
  // are not. The files must be closed.
  int lose_unflushed(std::mt19937& random) {
    for (auto write = unflushed_.rbegin(); write != unflushed_.rend(); ++write) write->take_back();
    int lost = 0;
    for (const Write& write : unflushed_) {
      if (random() % 2 == 0) {
        write.redo();
      } else {
        ++lost;
      }
    }
    unflushed_.clear();
    return lost;
  }
  void count_as_flushed() { unflushed_.clear(); }

  int slept_ms() const { return slept_us_ / 1000; }
  // Is called in each wait.
  void while_sleeping(std::function<void()> work) { while_sleeping_ = std::move(work); }

 private:
  // Bytes of a file that became others; a file that grew had zeros there.
  struct Write {
    std::string file;
    sqlite3_int64 at;
    std::string before;
    std::string after;

    void take_back() const { put(before); }
    void redo() const { put(after); }
    void put(const std::string& bytes) const {
      std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
      stream.seekp(at);
      stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
  };

  struct File {
    sqlite3_file base;
    sqlite3_io_methods methods;
    sqlite3_file* inner() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static FaultyVfs*& current() {
    static FaultyVfs* vfs = nullptr;
    return vfs;
  }
  static sqlite3_vfs*& usual() {
    static sqlite3_vfs* vfs = nullptr;
    return vfs;
  }
  static sqlite3_file* inner(sqlite3_file* file) { return reinterpret_cast<File*>(file)->inner(); }

  // SQLITE_OK, or the fault that is due.
  static int due() {
    FaultyVfs& self = *current();
    ++self.count_;
    const bool hit = self.position_ > 0 &&
                     (self.duration_ == Duration::once ? self.count_ == self.position_ : self.count_ >= self.position_);
    self.fired_ += hit ? 1 : 0;
    return hit ? self.code_ : SQLITE_OK;
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    auto* wrapped = reinterpret_cast<File*>(file);
    wrapped->base.pMethods = nullptr;
    const int code = usual()->xOpen(usual(), name, wrapped->inner(), flags, out_flags);
    if (code != SQLITE_OK) return code;
    current()->names_[file] = name == nullptr ? "" : name;
    // The inner file's shared-memory and locking methods stay; each gets the inner file handed.
    wrapped->methods = forwarding(wrapped->inner()->pMethods->iVersion);
    wrapped->base.pMethods = &wrapped->methods;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs*, const char* name, int sync) {
    const int code = due();
    return code != SQLITE_OK ? code : usual()->xDelete(usual(), name, sync);
  }

  static int sleep(sqlite3_vfs*, int us) {
    FaultyVfs& self = *current();
    self.slept_us_ += us;
    if (self.while_sleeping_) self.while_sleeping_();
    return us;
  }

  static void note_write(sqlite3_file* file, const void* from, int size, sqlite3_int64 at) {
    const std::string& name = current()->names_[file];
    if (name.empty()) return;
    std::string before(static_cast<std::size_t>(size), '\0');
    inner(file)->pMethods->xRead(inner(file), before.data(), size, at);  // zeros behind the end
    current()->unflushed_.push_back(
        {name, at, std::move(before), std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
  }

  static sqlite3_io_methods forwarding(int version) {
    sqlite3_io_methods m{};
    m.iVersion = version < 2 ? version : 2;
    m.xClose = [](sqlite3_file* f) { return inner(f)->pMethods->xClose(inner(f)); };
    m.xRead = [](sqlite3_file* f, void* to, int size, sqlite3_int64 at) {
      return inner(f)->pMethods->xRead(inner(f), to, size, at);
    };
    m.xWrite = [](sqlite3_file* f, const void* from, int size, sqlite3_int64 at) {
      const int code = due();
      // A disk that fills up takes part of a write.
      note_write(f, from, code == SQLITE_OK ? size : size / 2, at);
      if (code == SQLITE_OK) return inner(f)->pMethods->xWrite(inner(f), from, size, at);
      if (size > 1) inner(f)->pMethods->xWrite(inner(f), from, size / 2, at);
      return code;
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      const int code = due();
      return code != SQLITE_OK ? code : inner(f)->pMethods->xTruncate(inner(f), size);
    };
    m.xSync = [](sqlite3_file* f, int flags) {
      const int code = due();
      if (code != SQLITE_OK) return code;
      std::erase_if(current()->unflushed_, [&](const Write& w) { return w.file == current()->names_[f]; });
      return inner(f)->pMethods->xSync(inner(f), flags);
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return inner(f)->pMethods->xFileSize(inner(f), size); };
    m.xLock = [](sqlite3_file* f, int level) { return inner(f)->pMethods->xLock(inner(f), level); };
    m.xUnlock = [](sqlite3_file* f, int level) { return inner(f)->pMethods->xUnlock(inner(f), level); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return inner(f)->pMethods->xCheckReservedLock(inner(f), out);
    };
    m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
      return inner(f)->pMethods->xFileControl(inner(f), op, arg);
    };
    m.xSectorSize = [](sqlite3_file* f) { return inner(f)->pMethods->xSectorSize(inner(f)); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) { return inner(f)->pMethods->xDeviceCharacteristics(inner(f)); };
    m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return inner(f)->pMethods->xShmMap(inner(f), page, size, extend, out);
    };
    m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
      return inner(f)->pMethods->xShmLock(inner(f), offset, n, flags);
    };
    m.xShmBarrier = [](sqlite3_file* f) { inner(f)->pMethods->xShmBarrier(inner(f)); };
    m.xShmUnmap = [](sqlite3_file* f, int remove_it) { return inner(f)->pMethods->xShmUnmap(inner(f), remove_it); };
    return m;
  }

  std::string name_;
  sqlite3_vfs vfs_{};
  int position_ = 0;
  Duration duration_ = Duration::once;
  int code_ = SQLITE_IOERR;
  int count_ = 0;
  int fired_ = 0;
  int slept_us_ = 0;
  std::function<void()> while_sleeping_;
  std::map<sqlite3_file*, std::string> names_;
  std::vector<Write> unflushed_;
};

}  // namespace cosell::test
