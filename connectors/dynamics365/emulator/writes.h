// Between requests and writes: who writes for a request, and steps that all happen or none.
#pragma once

#include "base/text.h"
#include "connectors/dynamics365/emulator/api.h"
#include "connectors/dynamics365/emulator/records.h"

namespace cosell::emulator::dynamics365 {

inline Writer writer_of(const Call& call) {
  Writer writer{call.state(), call.context.random, call.context.now, call.context.user};
  writer.detect_duplicates = text::equals_ignore_case(call.headers->get("MSCRM.SuppressDuplicateDetection"), "false");
  writer.references = call.context.references;
  return writer;
}

// `step` answers an Outcome; an error takes back what it wrote.
template <class Step>
auto at_once(Model& model, Step step) {
  const std::size_t savepoint = model.savepoint();
  auto done = step();
  if (done) {
    model.release(savepoint);
  } else {
    model.roll_back(savepoint);
  }
  return done;
}

}  // namespace cosell::emulator::dynamics365
