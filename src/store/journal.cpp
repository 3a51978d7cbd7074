// The journal: appended without searching, read per deal, verified from the first line to the last.
#include <algorithm>

#include "base/text.h"
#include "store/digest.h"
#include "store/names.h"
#include "store/rows.h"
#include "store/sqlite_store_impl.h"

namespace cosell::store {
namespace {

const std::string kNoHash(64, '0');  // what comes before the first line

// Everything that a line's hash covers.
struct Line {
  std::int64_t sequence = 0;
  std::int64_t at_ms = 0;
  std::int64_t run = 0;
  std::int64_t deal = 0;
  std::string kind;
  std::string summary_hash;
  std::string payload_hash;
};

std::string hash_of(const std::string& previous, const Line& line) {
  std::string covered;
  covered.reserve(320);
  covered += previous;
  for (const std::int64_t number : {line.sequence, line.at_ms, line.run, line.deal}) {
    (covered += '|') += std::to_string(number);
  }
  for (const std::string* part : {&line.kind, &line.summary_hash, &line.payload_hash}) (covered += '|') += *part;
  return text::sha256_hex(covered);
}

Error broken(std::int64_t sequence, const std::string& what) {
  Error error =
      make_error(ErrorClass::store_damaged, "The history is not as it was written: entry " + std::to_string(sequence) +
                                                " " + what + ". Compare with a backup of the store.");
  error.rule = "journal";
  return error;
}

// Walks the lines in order and finds the first that is not as it was written.
class Verifier {
 public:
  void begin_after(std::int64_t sequence, const std::string& hash) {
    last_ = sequence;
    hash_ = hash;
  }
  Result<void> check(const Query& query) {
    RowReader reader(query);
    Line line;
    line.sequence = reader.integer();
    line.at_ms = reader.integer();
    line.run = reader.integer();
    line.deal = reader.integer();
    line.kind = reader.text();
    const std::string summary = reader.text();
    line.summary_hash = query.is_null(6) ? text::sha256_hex(summary) : hex_of(query.text(6));
    line.payload_hash = query.is_null(7) ? text::sha256_hex(query.text(9)) : hex_of(query.text(7));
    const std::string hash = hex_of(query.text(8));
    const bool erased_and_there = !query.is_null(5) && !query.is_null(6);
    const bool pruned_and_there = !query.is_null(9) && !query.is_null(7);
    if (line.sequence != last_ + 1) return broken(last_ + 1, "is missing");
    if (erased_and_there || pruned_and_there) return broken(line.sequence, "says something although it was erased");
    if (hash_of(hash_, line) != hash) {
      return broken(line.sequence, "has another text, or does not follow from the one before it");
    }
    last_ = line.sequence;
    hash_ = hash;
    ++count_;
    return {};
  }

  Result<std::int64_t> finish(std::int64_t head, const std::string& hash) const {
    if (head > last_) return broken(last_ + 1, "is missing");
    if (head < last_) return broken(head + 1, "was added without being recorded");
    if (hash != hash_) return broken(last_, "is not the one that was written last");
    return count_;
  }

 private:
  std::int64_t last_ = 0;
  std::int64_t count_ = 0;
  std::string hash_ = kNoHash;
};

// Parameters: after which line, whose (where `asked_for`), how many.
std::string entries_sql(const std::string& owner, bool asked_for) {
  return "SELECT j.sequence, j.at, j.run, j.deal, j.kind, j.summary, p.payload, j.hash FROM journal AS j"
         " LEFT JOIN journal_payloads AS p ON p.sequence = j.sequence WHERE j.sequence > ?1" +
         (asked_for ? " AND j." + owner + " = ?2" : "") + " ORDER BY j.sequence LIMIT ?3";
}

std::vector<JournalEntry> read_entries(Query& found) {
  std::vector<JournalEntry> entries;
  while (found.next()) {
    RowReader reader(found);
    JournalEntry entry;
    entry.sequence = reader.integer();
    entry.at = reader.time();
    entry.run = reader.id<RunId>();
    entry.deal = reader.id<DealId>();
    entry.kind = reader.choice(journal_kind_from);
    entry.summary = reader.text();
    entry.payload = reader.text();
    entry.hash = hex_of(reader.text());
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

SqliteStore::JournalHead& SqliteStore::journal_head() {
  if (!head_) {
    head_ = JournalHead{0, kNoHash, true};
    Query last = query("SELECT sequence, hash FROM journal_head");
    if (last.next()) head_ = JournalHead{last.integer(0), hex_of(last.text(1)), true};
  }
  return *head_;
}

void SqliteStore::store_journal_head() {
  if (!head_ || head_->stored) return;
  query("INSERT OR REPLACE INTO journal_head (one, sequence, hash) VALUES (1, ?, ?)")
      .with(head_->sequence, Blob{bytes_of(head_->hash)})
      .run();
  head_->stored = true;
}

void SqliteStore::append(const JournalEntry& entry) {
  JournalHead& head = journal_head();
  const Line line{head.sequence + 1,
                  entry.at.ms,
                  entry.run.value,
                  entry.deal.value,
                  name_of(entry.kind),
                  text::sha256_hex(entry.summary),
                  text::sha256_hex(entry.payload)};
  const std::string hash = hash_of(head.hash, line);
  query("INSERT INTO journal (sequence, at, run, deal, kind, summary, hash) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .with(line.sequence, entry.at, entry.run, entry.deal, line.kind, entry.summary, Blob{bytes_of(hash)})
      .run();
  if (!entry.payload.empty()) {
    query("INSERT INTO journal_payloads (sequence, payload) VALUES (?, ?)").with(line.sequence, entry.payload).run();
  }
  head = {line.sequence, hash, false};
  now_ = entry.at;
}

Result<void> SqliteStore::journal(const JournalEntry& entry) {
  return write([&]() -> Result<void> {
    append(untold_.count(entry.deal.value) > 0 ? with_footing(entry) : entry);
    return {};
  });
}

Result<std::vector<JournalEntry>> SqliteStore::history(DealId deal, std::int64_t after, int limit) {
  return read([&]() -> Result<std::vector<JournalEntry>> {
    Query found = query(entries_sql("deal", deal.valid()));
    found.with(after, deal, std::max(limit, 0));
    return read_entries(found);
  });
}

Result<std::vector<JournalEntry>> SqliteStore::journal_lines(RunId run, std::int64_t after, int limit) {
  return read([&]() -> Result<std::vector<JournalEntry>> {
    Query found = query(entries_sql("run", run.valid()));
    found.with(after, run, std::max(limit, 0));
    return read_entries(found);
  });
}

Result<std::int64_t> SqliteStore::verify_journal() {
  if (parts_.connection->in_transaction()) return verify_at_one_moment();
  // Lines and deals of one moment, also while another process writes.
  auto begun = read([&]() -> Result<void> {
    query("BEGIN").run();
    return {};
  });
  if (!begun) return begun.error();
  auto verified = verify_at_one_moment();
  auto ended = read([&]() -> Result<void> {
    query("ROLLBACK").run();
    return {};
  });
  if (verified && !ended) return ended.error();
  return verified;
}

Result<std::int64_t> SqliteStore::verify_at_one_moment() {
  return read([&]() -> Result<std::int64_t> {
    Verifier verifier;
    {
      Query checkpoint = query("SELECT sequence, hash FROM journal_checkpoint");
      if (checkpoint.next()) verifier.begin_after(checkpoint.integer(0), hex_of(checkpoint.text(1)));
    }
    // The recorded last line comes with the lines.
    Query lines = query(
        "SELECT j.sequence, j.at, j.run, j.deal, j.kind, j.summary, j.summary_hash, j.payload_hash, j.hash, p.payload,"
        " (SELECT sequence FROM journal_head), (SELECT hash FROM journal_head)"
        " FROM journal AS j LEFT JOIN journal_payloads AS p ON p.sequence = j.sequence ORDER BY j.sequence");
    std::int64_t head = 0;
    std::string hash = kNoHash;
    bool any = false;
    while (lines.next()) {
      if (auto checked = verifier.check(lines); !checked) return checked.error();
      head = lines.integer(10);
      hash = hex_of(lines.text(11));
      any = true;
    }
    Result<std::int64_t> entries = 0;
    if (head_ && !head_->stored) {
      entries = verifier.finish(head_->sequence, head_->hash);  // inside a transaction it is recorded at its end
    } else if (any) {
      entries = verifier.finish(head, hash);
    } else if (Query recorded = query("SELECT sequence, hash FROM journal_head"); recorded.next()) {
      entries = verifier.finish(recorded.integer(0), hex_of(recorded.text(1)));
    }
    if (!entries) return entries;
    if (auto compared = compare_footings(); !compared) return compared.error();
    return entries;
  });
}

}  // namespace cosell::store
