// Making the journal smaller and forgetting people, without breaking the chain: old lines end in a checkpoint that the
// rest follows from, and an erased line keeps its hashes.
#include <algorithm>

#include "store/digest.h"
#include "store/names.h"
#include "store/rows.h"
#include "store/sqlite_store_impl.h"

namespace cosell::store {
namespace {

// Images that neither a deal nor a line of the journal speaks of any more, and that no such image is told by.
const std::string kDropUnusedImages =
    "WITH spoken_of (id) AS ("
    " SELECT crm_image FROM deals WHERE crm_image IS NOT NULL"
    " UNION SELECT crm_base FROM deals WHERE crm_base IS NOT NULL"
    " UNION SELECT partner_center_image FROM deals WHERE partner_center_image IS NOT NULL"
    " UNION SELECT partner_center_base FROM deals WHERE partner_center_base IS NOT NULL"
    " UNION SELECT microsoft FROM deals WHERE microsoft IS NOT NULL"
    " UNION SELECT json_extract(payload, '$.before') FROM journal_payloads WHERE json_extract(payload, '$.before') > 0"
    " UNION SELECT json_extract(payload, '$.after') FROM journal_payloads WHERE json_extract(payload, '$.after') > 0"
    " UNION SELECT i.value FROM journal_payloads, json_each(payload, '$.inputs.images') AS i)"
    " DELETE FROM images WHERE id NOT IN (SELECT id FROM spoken_of) AND id NOT IN"
    " (SELECT differs_from FROM images WHERE differs_from IS NOT NULL AND id IN (SELECT id FROM spoken_of))";

}  // namespace

Result<std::optional<RunInputs>> SqliteStore::run_inputs(RunId run) {
  return read([&]() -> Result<std::optional<RunInputs>> {
    Query found = query(
        "SELECT m.text, s.text FROM runs AS r LEFT JOIN mapping_texts AS m ON m.id = r.mapping"
        " LEFT JOIN mapping_texts AS s ON s.id = r.settings WHERE r.id = ?1");
    if (!found.with(run).next()) return std::optional<RunInputs>();
    RowReader reader(found);
    RunInputs inputs;
    inputs.mapping_text = reader.text();
    inputs.settings_text = reader.text();
    return std::optional<RunInputs>(std::move(inputs));
  });
}

Result<JournalCheckpoint> SqliteStore::journal_checkpoint() {
  return read([&]() -> Result<JournalCheckpoint> {
    JournalCheckpoint checkpoint;
    Query found = query("SELECT sequence, hash, pruned_at FROM journal_checkpoint");
    if (!found.next()) return checkpoint;
    checkpoint.sequence = found.integer(0);
    checkpoint.hash = hex_of(found.text(1));
    checkpoint.pruned_at = found.time(2);
    return checkpoint;
  });
}

// Writes the file anew, without what went; what SQLite keeps of deleted rows is readable with any tool. Needs as much
// room again on the disk. Why it was not done; "" when it was.
std::string SqliteStore::wipe_file() {
  if (parts_.mode != OpenOptions::Mode::exclusive) return "";  // a copy that disappears
  auto wiped = attempt(parts_.path, [&]() -> Result<void> {
    Connection& c = *parts_.connection;
    // On disk: a whole store may not fit into the memory.
    c.script("PRAGMA temp_store = FILE; VACUUM; PRAGMA temp_store = MEMORY");
    if (c.integer("PRAGMA wal_checkpoint(TRUNCATE)") == 0) return {};
    return make_error(ErrorClass::store_busy, "Another program reads " + parts_.path + " just now.");
  });
  if (wiped) return "";
  auto back = attempt(parts_.path, [&]() -> Result<void> {
    parts_.connection->script("PRAGMA temp_store = MEMORY");
    return {};
  });
  return back ? wiped.error().message : back.error().message;
}

// One transaction in which SQLite does not look through all rows for each one that goes, whether it is referred to:
// once for all at its end is enough, and takes minutes less. What goes is wiped at once, too, should there be no room
// to write the file anew.
Result<JournalPruned> SqliteStore::clean_up(const std::function<Result<JournalPruned>()>& work) {
  const auto check_references = [&](bool each) {
    return read([&]() -> Result<void> {
      parts_.connection->script(each ? "PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST"
                                     : "PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON");
      return {};
    });
  };
  if (auto off = check_references(false); !off) return off.error();
  auto pruned = write([&]() -> Result<JournalPruned> {
    auto done = work();
    if (done && !parts_.connection->text("PRAGMA foreign_key_check").empty()) {
      return make_error(ErrorClass::bug, "Something that is still referred to was about to go; nothing was changed.");
    }
    return done;
  });
  if (auto on = check_references(true); !on) return on.error();
  if (pruned) pruned->not_wiped = wipe_file();
  return pruned;
}

std::int64_t SqliteStore::drop_unused_images() {
  forget_known();
  const std::int64_t dropped = query(kDropUnusedImages).run();
  query("DELETE FROM image_shapes WHERE id NOT IN (SELECT shape FROM images WHERE shape IS NOT NULL)").run();
  return dropped;
}

Result<JournalPruned> SqliteStore::prune_journal(Instant before, Instant now) {
  return clean_up([&]() -> Result<JournalPruned> {
    JournalPruned pruned;
    query("DELETE FROM inbox WHERE done_at < ?1").with(before).run();
    std::int64_t last = 0;
    std::string hash;
    {
      // Lines are kept from the first one on that is young enough; the newest line always stays.
      Query cut = query(
          "SELECT sequence, hash FROM journal WHERE sequence < min("
          " coalesce((SELECT min(sequence) FROM journal WHERE at >= ?1), 9223372036854775807),"
          " (SELECT max(sequence) FROM journal)) ORDER BY sequence DESC LIMIT 1");
      if (cut.with(before).next()) {
        last = cut.integer(0);
        hash = cut.text(1);
      }
    }
    if (last == 0) {  // no line is so old
      pruned.runs = drop_quiet_runs(before);
      return pruned;
    }
    keep_footings(last);
    query("DELETE FROM journal_payloads WHERE sequence <= ?1").with(last).run();
    pruned.lines = query("DELETE FROM journal WHERE sequence <= ?1").with(last).run();
    query("INSERT OR REPLACE INTO journal_checkpoint (one, sequence, hash, pruned_at) VALUES (1, ?1, ?2, ?3)")
        .with(last, Blob{hash}, now)
        .run();
    // What one that stays came after stays too, and what that came after.
    pruned.operations = query(
                            "WITH RECURSIVE old (sequence, after_operation) AS ("
                            " SELECT sequence, after_operation FROM operations"
                            "  WHERE state IN ('applied', 'rejected', 'dropped') AND finished_at < ?1"
                            "  AND (after_operation IS NULL OR after_operation NOT IN"
                            "   (SELECT sequence FROM operations WHERE finished_at IS NULL))),"
                            " needed (sequence) AS ("
                            " SELECT after_operation FROM operations WHERE after_operation IS NOT NULL"
                            "  AND sequence NOT IN (SELECT sequence FROM old)"
                            " UNION SELECT o.after_operation FROM operations AS o JOIN needed AS n"
                            "  ON o.sequence = n.sequence WHERE o.after_operation IS NOT NULL)"
                            " DELETE FROM operations WHERE sequence IN (SELECT sequence FROM old)"
                            " AND sequence NOT IN (SELECT sequence FROM needed)")
                            .with(before)
                            .run();
    pruned.runs = drop_quiet_runs(before);
    pruned.images = drop_unused_images();
    return pruned;
  });
}

// A service that finds nothing to do for months leaves a row for each sync. Those stay with which another mapping came
// into use or went, and the last one that went well.
std::int64_t SqliteStore::drop_quiet_runs(Instant before) {
  return query(
             "DELETE FROM runs WHERE started_at < ?1"
             " AND id < (SELECT max(id) FROM runs"
             "  WHERE command IN ('sync', 'run') AND outcome IN ('ok', 'failures') AND finished_at IS NOT NULL)"
             " AND id NOT IN (SELECT run FROM journal WHERE run IS NOT NULL)"
             " AND id NOT IN (SELECT run FROM operations WHERE run IS NOT NULL)"
             " AND id NOT IN (SELECT id FROM (SELECT id, mapping, lag(mapping) OVER (ORDER BY id) AS earlier,"
             "   lead(mapping) OVER (ORDER BY id) AS later FROM runs)"
             "  WHERE earlier IS NOT mapping OR later IS NOT mapping)")
      .with(before)
      .run();
}

// The lines about one deal lose what they say; so do its finished writes. Those of a deal that became part of another
// one have no deal any more; only its lines name them.
void SqliteStore::empty_lines(DealId deal, JournalPruned& erased) {
  struct Line {
    std::int64_t sequence;
    std::string summary_hash, payload_hash;
  };
  std::vector<Line> lines;
  {
    Query told = query(
        "SELECT j.sequence, j.summary, p.payload FROM journal AS j LEFT JOIN journal_payloads AS p"
        " ON p.sequence = j.sequence WHERE j.deal = ?1 AND j.summary IS NOT NULL");
    told.with(deal);
    while (told.next()) {
      lines.push_back({told.integer(0), sha256_bytes(told.text(1)), sha256_bytes(told.text(2))});
    }
  }
  erased.operations +=
      query(
          "UPDATE operations SET changes = '{}', expected = '{}', agrees_with = '{}', error_message = '',"
          " error_detail = '' WHERE state IN ('applied', 'rejected', 'dropped') AND (deal = ?1 OR deal IS NULL AND id "
          "IN"
          " (SELECT json_extract(p.payload, '$.operation') FROM journal_payloads AS p JOIN journal AS j"
          "  ON j.sequence = p.sequence WHERE j.deal = ?1))")
          .with(deal)
          .run();
  for (const Line& line : lines) {
    erased.lines += query("UPDATE journal SET summary = NULL, summary_hash = ?2, payload_hash = ?3 WHERE sequence = ?1")
                        .with(line.sequence, Blob{line.summary_hash}, Blob{line.payload_hash})
                        .run();
  }
  query("DELETE FROM journal_payloads WHERE sequence IN (SELECT sequence FROM journal WHERE deal = ?1)")
      .with(deal)
      .run();
}

// Answers to commands about the deal, and those to commands that name no deal, such as a sync, which may speak of any.
void SqliteStore::empty_inbox(DealId deal) {
  query(
      "DELETE FROM inbox WHERE done_at IS NOT NULL AND (json_type(arguments, '$.deals') IS NULL"
      " OR EXISTS (SELECT 1 FROM json_each(arguments, '$.deals') AS named WHERE named.value = ?1))")
      .with(deal)
      .run();
}

Result<JournalPruned> SqliteStore::erase_from_journal(DealId deal, Instant now) {
  return clean_up([&]() -> Result<JournalPruned> {
    JournalPruned erased;
    const std::vector<std::int64_t> merged = merged_into(deal);
    for (const std::int64_t id : merged) {
      empty_lines(DealId(id), erased);
      empty_inbox(DealId(id));
    }
    empty_lines(deal, erased);
    empty_inbox(deal);
    tell_footing_anew(deal, merged, now);
    erased.images = drop_unused_images();
    return erased;
  });
}

}  // namespace cosell::store
