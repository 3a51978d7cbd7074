// Change tracking: the first read of a whole table, and the changes since a delta token. A token is the version of the
// database at the first page of a read, so that whatever happens during the read is told by the next one.
#include <algorithm>
#include <array>
#include <cstdio>

#include "base/text.h"
#include "connectors/dynamics365/emulator/query.h"

namespace cosell::emulator::dynamics365 {

namespace {

constexpr const char* kExpired = "Version stamp associated with the client has expired. Please perform a full sync.";

// Where a tracked read stands. `since` is -1 in a first read.
struct Read {
  std::int64_t since = -1;
  std::int64_t until = 0;
  std::int64_t behind = -1;  // position of the last row of a first read, version of the last change of a delta read
  bool deletions = false;    // the changed rows are told, deletions follow
};

std::string delta_token(std::int64_t version, Instant now) {
  const Date d = date_of(now);
  const std::int64_t second = (now.ms - start_of(d).ms) / 1000;
  std::array<char, 96> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%lld!%02d/%02d/%04d %02d:%02d:%02d", static_cast<long long>(version),
                d.month, d.day, d.year, static_cast<int>(second / 3600), static_cast<int>(second / 60 % 60),
                static_cast<int>(second % 60));
  return buffer.data();
}

Outcome<std::int64_t> read_delta_token(const State& state, const std::string& token, Instant now) {
  const std::size_t mark = token.find('!');
  const auto version = parse_integer(token.substr(0, mark));
  const std::string time = mark == std::string::npos ? "" : token.substr(mark + 1);
  // "06/01/2026 10:00:00"
  const bool shaped = version && time.size() == 19;
  const auto at = shaped ? parse_instant(time.substr(6, 4) + "-" + time.substr(0, 2) + "-" + time.substr(3, 2) + "T" +
                                         time.substr(11) + "Z")
                         : std::nullopt;
  if (!at || *version > state.model.version()) {
    return fail(400, "0x80040203", "The delta token '" + token + "' is not valid.");
  }
  const bool expired = now - *at > days(state.settings.change_tracking_days) || *version < state.oldest_delta_version;
  if (expired) return fail(400, "0x80044352", kExpired);
  return *version;
}

Outcome<Read> read_position(const Call& call, const Query& query) {
  Read read;
  read.until = call.state().model.version();
  if (query.skip_token) {
    const auto token = open_token(*query.skip_token);
    const auto number = [&](const char* key) {
      return token && token->contains(key) && token->at(key).is_number_integer() ? token->at(key).get<std::int64_t>()
                                                                                 : -1;
    };
    read.since = number("since");
    read.until = number("until");
    read.behind = number("behind");
    read.deletions = number("deletions") == 1;
    if (read.until < 0) return fail(400, "0x80040203", "The paging cookie in $skiptoken is malformed.");
    if (read.until < call.state().oldest_delta_version) return fail(400, "0x80044352", kExpired);
    return read;
  }
  if (!query.delta_token) return read;
  const auto since = read_delta_token(call.state(), *query.delta_token, call.context.now);
  if (!since) return tl::unexpected<ApiError>(since.error());
  read.since = *since;
  return read;
}

Outcome<void> check_tracked(const Call& call, const Table& table) {
  for (const char* option : {"$filter", "$orderby", "$expand", "$top"}) {
    if (!call.option(option)) continue;
    return fail(400, "0x80060888",
                std::string("The \"") + option + "\" query parameter isn't supported when Change Tracking is enabled.");
  }
  const auto& enabled = call.state().settings.change_tracking_tables;
  if (std::find(enabled.begin(), enabled.end(), table.name) == enabled.end()) {
    return fail(400, "0x80072491", "Entity " + table.name + " isn't enabled for change tracking.");
  }
  if (call.state().settings.organization_read) return {};
  return fail(403, "0x80040220",
              "Principal user (Id=" + to_string(call.context.user) + ") is missing " + privilege_of("Read", table) +
                  " privilege at the organization level, which change tracking needs.");
}

// One page of a read: rows and deletions, and where the next page goes on.
class Page {
 public:
  Page(const Call& call, const Query& query, Read read)
      : rows_(call.state().model.rows(*query.selection.table)),
        query_(query),
        root_(call.context.root),
        renderer_(call),
        limit_(page_size_of(call)),
        next_(read) {
    if (read.since < 0) {
      first(read);
    } else {
      if (!read.deletions) changes(read);
      if (!full_) deletions(read);
    }
  }

  Json take_value() { return std::move(value_); }
  bool more() const { return full_; }
  const Read& next() const { return next_; }

 private:
  bool add(Json item) {
    if (value_.size() == limit_) {
      full_ = true;
      return false;
    }
    value_.push_back(std::move(item));
    return true;
  }

  void first(const Read& read) {
    for (auto i = static_cast<std::size_t>(read.behind + 1); i < rows_.all().size(); ++i) {
      const RowPtr& row = rows_.all()[i];
      if (row == nullptr) continue;
      if (!add(renderer_.row(*row, query_.selection))) return;
      next_.behind = static_cast<std::int64_t>(i);
    }
  }

  void changes(const Read& read) {
    const auto& index = rows_.by_version();
    for (auto it = index.upper_bound(std::max(read.since, read.behind)); it != index.end() && it->first <= read.until;
         ++it) {
      if (!add(renderer_.row(*rows_.all()[it->second], query_.selection))) return;
      next_.behind = it->first;
    }
    next_.deletions = true;
    next_.behind = read.since;
  }

  void deletions(const Read& read) {
    const auto& graves = rows_.tombstones();
    const std::int64_t from = read.deletions ? std::max(read.since, read.behind) : read.since;
    for (auto it = graves.upper_bound(from); it != graves.end() && it->first <= read.until; ++it) {
      Json item{{"@odata.context", root_ + "$metadata#" + query_.selection.table->set + "/$deletedEntity"},
                {"id", to_string(it->second)},
                {"reason", "deleted"}};
      if (!add(std::move(item))) return;
      next_.behind = it->first;
    }
  }

  const Rows& rows_;
  const Query& query_;
  std::string root_;
  Renderer renderer_;
  std::size_t limit_;
  Read next_;
  Json value_ = Json::array();
  bool full_ = false;
};

}  // namespace

Answer tracked_rows(const Call& call, const Query& query) {
  const Table& table = *query.selection.table;
  if (auto fine = check_tracked(call, table); !fine) return refuse(fine.error());
  const auto read = read_position(call, query);
  if (!read) return refuse(read.error());
  Page page(call, query, *read);
  Json body = Json::object();
  body["@odata.context"] = call.context.root + "$metadata#" + table.set + Renderer::context_of(query.selection) +
                           (read->since < 0 ? "" : "/$delta");
  body["value"] = page.take_value();
  if (page.more()) {
    const Read& next = page.next();
    const Json token{
        {"since", next.since}, {"until", next.until}, {"behind", next.behind}, {"deletions", next.deletions ? 1 : 0}};
    body["@odata.nextLink"] = link_with(call, table, "$skiptoken", seal_token(token));
  } else if (call.prefer.annotations.empty() || call.state().settings.delta_link_with_annotations) {
    body["@odata.deltaLink"] = link_with(call, table, "$deltatoken", delta_token(read->until, call.context.now));
  }
  Answer answer = with_body(std::move(body));
  tell_applied(call, answer);
  return answer;
}

Answer tracked_count(const Call& call, const Table& table) {
  if (auto fine = check_tracked(call, table); !fine) return refuse(fine.error());
  const auto since = read_delta_token(call.state(), call.option("$deltatoken").value_or(""), call.context.now);
  if (!since) return refuse(since.error());
  const Rows& rows = call.state().model.rows(table);
  const auto changed = std::distance(rows.by_version().upper_bound(*since), rows.by_version().end());
  const auto deleted = std::distance(rows.tombstones().upper_bound(*since), rows.tombstones().end());
  Answer answer;
  answer.text = std::to_string(changed + deleted);
  answer.content_type = "text/plain";
  return answer;
}

}  // namespace cosell::emulator::dynamics365
