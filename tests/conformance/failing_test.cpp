// Failures: each has its class, a write is never repeated by itself, waits are kept, and nothing secret is said.
#include <algorithm>

#include "tests/conformance/conformance.h"

namespace cosell::conformance {
namespace {

using testing::HasSubstr;
using testing::Not;
using Kind = Trouble::Kind;

struct Expected {
  Trouble trouble;
  ErrorClass read;
  ErrorClass write;
};

Trouble status(int code) {
  Trouble t;
  t.name = std::to_string(code);
  t.status = code;
  return t;
}

Trouble answer(const std::string& name, const std::string& content_type, const std::string& body) {
  Trouble t;
  t.name = name;
  t.status = 200;
  t.content_type = content_type;
  t.body = body;
  return t;
}

Trouble wire(const std::string& name, Kind kind) {
  Trouble t;
  t.name = name;
  t.kind = kind;
  return t;
}

Trouble throttle(int after_seconds, int times) {
  Trouble t = wire("429", Kind::throttle);
  t.retry_after = after_seconds;
  t.times = times;
  return t;
}

// Answers that say nothing but their status, as gateways send them. What a system says in its own words is tested
// with the system.
const std::vector<Expected>& table() {
  using E = ErrorClass;
  static const std::vector<Expected> list = {
      {status(400), E::bad_response, E::rejected},
      {status(401), E::auth_expired, E::auth_expired},
      {status(403), E::forbidden, E::forbidden},
      {status(404), E::bad_response, E::not_found},
      {status(408), E::transient, E::unknown},  // who gave up waiting may have passed it on
      {status(409), E::bad_response, E::precondition},
      {status(412), E::bad_response, E::precondition},
      {status(413), E::bad_response, E::rejected},
      {status(429), E::throttled, E::throttled},
      {status(500), E::transient, E::unknown},
      {status(502), E::transient, E::unknown},
      {status(503), E::transient, E::unknown},
      {status(504), E::transient, E::unknown},
      {wire("not reachable", Kind::unreachable), E::transient, E::transient},
      {wire("dropped before", Kind::drop_before), E::transient, E::unknown},
      {wire("dropped after", Kind::drop_after), E::transient, E::unknown},
      {wire("broken off", Kind::truncate), E::transient, E::unknown},
      {answer("web page", "text/html", "<!DOCTYPE html><html><body>Sign in</body></html>"), E::bad_response,
       E::unknown},
      {answer("nothing", "application/json", ""), E::bad_response, E::unknown},
      {answer("half of an answer", "application/json", R"({"value":[{"id":)"), E::bad_response, E::unknown},
      {answer("no data", "text/plain", "OK"), E::bad_response, E::unknown},
      {answer("another answer", "application/json", R"({"hello":"world"})"), E::bad_response, E::unknown}};
  return list;
}

class Failing : public Conformance {
 protected:
  std::string note_on_server(const RecordId& id) { return target().text_on_server(id, parts.text); }
  ErrorClass expected(const Expected& e, bool write) const {
    for (const Deviation& d : facts.deviations) {
      if (d.trouble != e.trouble.name || d.write != write) continue;
      EXPECT_NE(d.instead, write ? e.write : e.read) << "no deviation: " << d.trouble;
      return d.instead;
    }
    return write ? e.write : e.read;
  }
  std::size_t writes_since(std::size_t mark) {
    std::size_t n = 0;
    for (const Sent& sent : bench().sent_since(mark)) {
      for (const Route& route : target().writes()) {
        if (route.leads(sent.method, sent.path)) {
          ++n;
          break;
        }
      }
    }
    return n;
  }
};
INSTANTIATE_TEST_SUITE_P(Conformance, Failing, testing::ValuesIn(systems()), name_of_system);

TEST_P(Failing, EachTroubleOfAReadHasItsClass) {
  const Observation a = created("A");
  const Cursor at = pull_all().last();
  for (const Expected& e : table()) {
    trouble_reads(e.trouble);
    for (const Cursor& cursor : {Cursor(), at}) {
      const Result<Page> page = pull_page(cursor);
      ASSERT_FALSE(page.has_value()) << e.trouble.name;
      EXPECT_EQ(page.error().kind, expected(e, false)) << e.trouble.name << ": " << told(page.error());
    }
    bench().no_trouble();
    EXPECT_EQ(read(a.id).id, a.id) << "it works again after " << e.trouble.name;
  }
}

TEST_P(Failing, EachTroubleOfAWriteHasItsClass) {  // I-37
  const Observation a = created("A");
  for (const Expected& e : table()) {
    const Observation seen = read(a.id);
    trouble_writes(e.trouble);
    const std::size_t mark = bench().mark();
    const Outcome done = push(note_of(seen, "after " + e.trouble.name));
    ASSERT_NE(error_in(done), nullptr) << e.trouble.name;
    EXPECT_EQ(error_in(done)->kind, expected(e, true)) << e.trouble.name << ": " << told(done);
    const bool renewed = e.trouble.name == "401" && !target().logins().empty();
    EXPECT_EQ(writes_since(mark), renewed ? 2U : 1U)
        << e.trouble.name << ": how often the write was sent. A refused token proves that nothing was applied, so it "
        << "goes out once more with a new one; nothing else is sent again without being asked.";
    bench().no_trouble();
  }
}

TEST_P(Failing, ATroubleMeetsEveryOperationOfTheBatch) {
  for (const Expected& e : table()) {
    const auto fresh = GetParam().make();
    Call call = fresh->bench.call();
    // The first write may have to ask for what all later ones know.
    const Operation first = create_of(fresh->new_key(), complete("First"));
    ASSERT_EQ(said(fresh->connector().push(call, std::span(&first, 1)).front()), "applied");
    fresh->bench.trouble(fresh->writes(), e.trouble);
    std::vector<Operation> ops;
    for (int i = 0; i < 3; ++i) ops.push_back(create_of(fresh->new_key(), complete("Deal " + std::to_string(i))));
    const auto outcomes = fresh->connector().push(call, ops);
    ASSERT_EQ(outcomes.size(), 3U);
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
      EXPECT_EQ(outcomes[i].id, ops[i].id);
      EXPECT_NE(error_in(outcomes[i]), nullptr) << e.trouble.name;
    }
    const bool arrived = e.trouble.kind == Kind::drop_after || e.trouble.kind == Kind::truncate;
    EXPECT_EQ(fresh->count_on_server(), arrived ? 4U : 1U) << e.trouble.name << ": records on the server";
  }
}

// ---- lost replies

TEST_P(Failing, ACreateWhoseReplyWasLostIsFoundByItsKey) {
  for (const Kind kind : {Kind::drop_after, Kind::truncate, Kind::drop_before}) {
    const std::string key = target().new_key();
    created("Before");
    const std::size_t before = target().count_on_server();
    trouble_writes(wire("lost", kind));
    const Outcome done = push(create_of(key, complete("Lost")));
    ASSERT_NE(error_in(done), nullptr);
    EXPECT_EQ(error_in(done)->kind, ErrorClass::unknown) << told(done);
    bench().no_trouble();
    target().reconnect();
    const std::size_t arrived = kind == Kind::drop_before ? 0 : 1;
    EXPECT_EQ(target().count_on_server(), before + arrived);
    const auto found = by_key(key);
    ASSERT_EQ(found.size(), arrived);
    if (arrived == 1) {
      EXPECT_EQ(text(found[0], parts.title), "Lost");
    }
  }
}

TEST_P(Failing, AnUpdateWhoseReplyWasLostIsToldByTheRecord) {
  const Observation a = created("A");
  for (const bool arrived : {true, false}) {
    const Observation seen = read(a.id);
    bench().clock.move(seconds(5));
    trouble_writes(wire("lost", arrived ? Kind::drop_after : Kind::drop_before));
    const Outcome done = push(note_of(seen, "did it arrive: " + std::to_string(arrived)));
    EXPECT_EQ(said(done), "unknown");
    bench().no_trouble();
    const Observation after = read(a.id);
    EXPECT_EQ(after.version != seen.version, arrived);
    EXPECT_EQ(text(after, parts.text) == "did it arrive: " + std::to_string(arrived), arrived);
  }
}

// ---- answers to several writes

TEST_P(Failing, NoWriteTakesTheAnswerToAnother) {
  for (const Disorder how : {Disorder::reversed, Disorder::first_missing}) {
    const Observation a = created("A");
    const Observation b = created("B");
    const Observation gone = created("Gone");
    target().person_removes(gone.id);
    bool apart = false;
    Trouble disorder = wire("disorder", Kind::change);
    disorder.change = [&](http::Response& answer) {
      const auto body = target().disordered(answer, how);
      if (body) answer.body = *body;
      apart = apart || !body;
    };
    trouble_writes(disorder);
    const auto updates = push({note_of(a, "new"), note_of(b, "new"), note_of(gone, "new")});
    std::vector<Outcome> creates;
    std::vector<Operation> made = {create_of("C"), create_of("D")};
    if (how == Disorder::first_missing) creates = push(made);
    bench().no_trouble();
    if (apart) GTEST_SKIP() << "Each write has an answer of its own.";
    EXPECT_EQ(note_on_server(a.id), "new");
    EXPECT_EQ(note_on_server(b.id), "new");
    for (const Outcome* done : {&updates[0], &updates[1]}) {
      EXPECT_TRUE(said(*done) == "applied" || said(*done) == "unknown") << told(*done);
    }
    EXPECT_TRUE(said(updates[2]) == "not_found" || said(updates[2]) == "unknown") << told(updates[2]);
    for (std::size_t i = 0; i < creates.size(); ++i) {
      if (const Applied* applied = applied_in(creates[i])) {
        EXPECT_EQ(read(applied->id).key, made[i].target.key);
      } else {
        EXPECT_EQ(said(creates[i]), "unknown") << told(creates[i]);
      }
    }
  }
}

// For whoever asks the system's support what became of a request.
TEST_P(Failing, EachOutcomeNamesItsRequestAsTheServerDoes) {
  const Observation a = created("A");
  Trouble named = wire("named", Kind::change);
  named.change = [&](http::Response& answer) { answer.headers.set(facts.request_id, "request 4711"); };
  trouble_writes(named);
  Columns wrong = complete("Wrong");
  for (const auto& [name, value] : target().unknown_choice()) wrong[name] = value;
  const auto done = push({note_of(a, "new"), create_of(target().new_key(), wrong)});
  bench().no_trouble();
  EXPECT_EQ(said(done[0]), "applied") << told(done[0]);
  EXPECT_EQ(done[0].request_id, "request 4711");
  ASSERT_EQ(said(done[1]), "rejected") << told(done[1]);
  // A part of a batch may have a name of its own.
  EXPECT_FALSE(done[1].request_id.empty());
  EXPECT_EQ(error_in(done[1])->request_id, done[1].request_id);

  Trouble failed = wire("failed", Kind::change);
  failed.change = [&](http::Response& answer) {
    answer = {500, {}, ""};
    answer.headers.set(facts.request_id, "request 4712");
  };
  trouble_writes(failed);
  const Outcome lost = push(note_of(read(a.id), "newer"));
  bench().no_trouble();
  ASSERT_EQ(said(lost), "unknown") << told(lost);
  EXPECT_EQ(lost.request_id, "request 4712");
  EXPECT_EQ(error_in(lost)->request_id, "request 4712");
}

// ---- waiting

TEST_P(Failing, AThrottledReadWaitsAsLongAsItIsAsked) {
  const Cursor at = pull_all().last();
  bench().clock.move(minutes(1));
  created("A");
  trouble_reads(throttle(40, 1));
  const std::size_t mark = bench().mark();
  EXPECT_EQ(pull_all(at).seen.size(), 1U);
  const auto sent = bench().sent_since(mark);
  ASSERT_GE(sent.size(), 2U);
  EXPECT_GE(sent[1].at - sent[0].at, seconds(40));
}

TEST_P(Failing, AReadThatStaysThrottledSaysWhenToComeBack) {
  created("A");
  trouble_reads(throttle(600, 0));
  const Result<Page> page = pull_page({});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().kind, ErrorClass::throttled) << told(page.error());
  ASSERT_TRUE(page.error().not_before.has_value());
  EXPECT_GE(*page.error().not_before - now(), seconds(599));
}

TEST_P(Failing, AThrottledWriteSaysWhenAndWritesNothing) {
  const Observation a = created("A");
  const auto before = target().on_server(a.id);
  trouble_writes(throttle(40, 0));
  const std::size_t mark = bench().mark();
  const Instant asked = now();
  const Outcome done = push(note_of(a, "throttled"));
  ASSERT_NE(error_in(done), nullptr);
  EXPECT_EQ(error_in(done)->kind, ErrorClass::throttled) << told(done);
  ASSERT_TRUE(error_in(done)->not_before.has_value());
  EXPECT_GE(*error_in(done)->not_before - asked, seconds(39));
  EXPECT_LE(*error_in(done)->not_before - asked, minutes(2));
  EXPECT_EQ(writes_since(mark), 1U);
  EXPECT_EQ(target().on_server(a.id), before);
}

TEST_P(Failing, AWaitThatIsCutShortEndsTheCall) {
  created("A");
  trouble_reads(throttle(40, 0));
  bench().clock.stop_at_next_sleep = true;
  const Result<Page> page = pull_page({});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().kind, ErrorClass::cancelled) << told(page.error());
  bench().stop(false);
  bench().no_trouble();
  EXPECT_EQ(pull_all().seen.size(), 1U);
}

TEST_P(Failing, WhatWasStoppedBeforeItWasSentIsCancelledAndNotWritten) {
  const Observation a = created("A");
  bench().stop(true);
  const auto done = push({create_of("B"), note_of(a, "stopped"), create_of("C")});
  for (const Outcome& o : done) EXPECT_EQ(said(o), "cancelled") << told(o);
  bench().stop(false);
  EXPECT_EQ(target().count_on_server(), 1U);
  EXPECT_NE(target().text_on_server(a.id, parts.text), "stopped");
}

TEST_P(Failing, WhatIsStoppedBetweenTwoRequestsOfABatchIsToldOfEachWrite) {
  created("Before");
  Trouble stop = wire("stop", Kind::change);
  std::size_t at_stop = 0;
  stop.change = [&](http::Response&) {
    if (!bench().clock.stopped) at_stop = bench().mark();
    bench().stop(true);
  };
  trouble_writes(stop);
  std::vector<Operation> ops;
  for (int i = 0; i < capabilities().batch_max; ++i) ops.push_back(create_of("Deal " + std::to_string(i)));
  const auto done = push(ops);
  EXPECT_EQ(bench().mark(), at_stop) << "nothing more is sent";
  bench().no_trouble();
  bench().stop(false);
  std::size_t applied = 0;
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (said(done[i]) == "cancelled") continue;
    ASSERT_EQ(said(done[i]), "applied") << i << ": " << told(done[i]);
    ++applied;
  }
  EXPECT_GT(applied, 0U);
  EXPECT_LT(applied, ops.size());
  EXPECT_EQ(target().count_on_server(), 1U + applied);
}

// ---- logins

TEST_P(Failing, ATokenThatDiedIsRenewedOnceAndNothingIsDoneTwice) {
  if (target().logins().empty()) GTEST_SKIP() << "A fixed key takes the place of a login.";
  const Observation a = created("A");
  target().tokens_die();
  const Outcome done = push(create_of("B"));
  EXPECT_EQ(said(done), "applied") << told(done);
  EXPECT_EQ(target().count_on_server(), 2U);
  target().tokens_die();
  EXPECT_EQ(said(push(note_of(read(a.id), "with a new token"))), "applied");
  target().tokens_die();
  EXPECT_EQ(pull_all().seen.size(), 2U);
}

TEST_P(Failing, ALoginThatIsRefusedIsNotTriedForEver) {
  created("A");
  bench().trouble(target().reads(), status(401));
  const std::size_t mark = bench().mark();
  const Result<Page> page = pull_page({});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().kind, ErrorClass::auth_expired);
  EXPECT_LE(bench().sent_since(mark).size(), 4U);
}

// ---- what is passed down and what is said

TEST_P(Failing, TheDeadlineReachesEveryRequest) {
  const Observation a = created("A");
  bench().timeout = seconds(7);
  const std::size_t mark = bench().mark();
  check(facts.columns, {parts.text});
  Call call = bench().call();
  (void)connector().describe(call);
  const Cursor at = pull_all().last();
  pull_all(at);
  read(a.id);
  by_key(a.key.value);
  push({create_of("B"), update_of(read(a.id), {{parts.text, text_value("x")}})});
  const auto sent = bench().sent_since(mark);
  EXPECT_GT(sent.size(), 6U);
  for (const Sent& s : sent) {
    if (!s.login) {
      EXPECT_EQ(s.timeout, seconds(7)) << s.method << " " << s.path;
    }
  }
}

TEST_P(Failing, NoMoreRequestsAreUnderWayThanTheCallAllows) {
  for (const int allowed : {1, 3}) {
    bench().max_in_flight = allowed;
    target().reconnect();
    std::vector<Operation> ops;
    for (int i = 0; i < std::min(20, capabilities().batch_max); ++i) ops.push_back(create_of("Deal"));
    std::vector<RecordRef> refs;
    for (const Outcome& done : push(ops)) {
      ASSERT_NE(applied_in(done), nullptr) << told(done);
      refs.push_back({facts.kind, applied_in(done)->id, {}});
    }
    fetch(refs);
    pull_all();
    EXPECT_LE(bench().most_at_once, allowed) << "Call::max_in_flight";
  }
}

// The server answers every request with all that it was sent, tokens and secrets included.
TEST_P(Failing, NothingSecretIsSaid) {  // I-39
  std::string everything;
  const auto hear = [&everything](const Error& e) {
    everything += e.message + "\n" + e.detail + "\n" + e.rule + "\n" + e.request_id + "\n";
    for (const std::string& f : e.fields) everything += f + "\n";
  };
  const auto listen = [&] {
    for (const Finding& f : check(facts.columns, {parts.text})) everything += f.what + f.text + f.remedy + "\n";
    const Result<Page> page = pull_page({});
    if (!page) hear(page.error());
    if (page) everything += page->next.value + "\n";
    for (const Outcome& o : push({create_of("A"), create_of("B")})) {
      if (error_in(o) != nullptr) hear(*error_in(o));
    }
    Call call = bench().call();
    const Result<Descriptor> d = connector().describe(call);
    if (!d) hear(d.error());
    if (d) everything += d->environment + d->title + "\n";
  };
  listen();
  for (const int code : {200, 400, 401, 403, 404, 409, 412, 429, 500, 503}) {
    for (const auto& routes : {target().logins(), target().reads(), target().writes()}) {
      Trouble echo = wire("echo", Kind::echo);
      echo.status = code;
      bench().trouble(routes, echo);
      listen();
      target().reconnect();
      listen();
      bench().no_trouble();
    }
  }
  for (const std::string& line : bench().log_lines) everything += line + "\n";
  std::vector<std::string> secrets(bench().tokens_seen().begin(), bench().tokens_seen().end());
  if (!target().logins().empty()) {
    EXPECT_GE(secrets.size(), 2U) << "tokens went over the wire";
  }
  EXPECT_FALSE(facts.secrets.empty()) << "Facts::secrets names what must never be said";
  secrets.insert(secrets.end(), facts.secrets.begin(), facts.secrets.end());
  EXPECT_GT(everything.size(), 1'000U);
  for (const std::string& secret : secrets) EXPECT_EQ(everything.find(secret), std::string::npos) << secret;
}

}  // namespace
}  // namespace cosell::conformance
