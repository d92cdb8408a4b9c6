// Drives the accelerator's core with events and records what it does.
//
// Arguments: hidden layers, layers, classes, lanes of the output layer, watchdog in clocks [, waveform file].
// Standard input, in 32-bit words of this machine: for each image the number of events, then the events.
// Standard output, likewise: records that start with a tag.
//   TAP     layer, event
//   RESULT  cycles, active cycles, steps, potentials[classes], then per layer spikes in, spikes out, busy and
//           stalled cycles
//   HUNG    cycles
#include "Vdesign.h"
#include "verilated.h"
#if VM_TRACE
#include "verilated_vcd_c.h"
#endif
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

namespace {

enum Tag : uint32_t { TAP = 1, RESULT = 2, HUNG = 3 };
constexpr uint32_t KIND_MASK = 3, END_OF_STEP = 1, CLEAR = 2;

// Verilator gives a port the narrowest type that holds it; these read word `i` of any of them.
uint32_t word(uint64_t port, int i) { return static_cast<uint32_t>(port >> (32 * i)); }
template <std::size_t N> uint32_t word(const VlWide<N>& port, int i) { return port[i]; }

void put(uint32_t value) {
    if (std::fwrite(&value, sizeof value, 1, stdout) != 1) std::exit(2);
}

bool get(uint32_t& value) { return std::fread(&value, sizeof value, 1, stdin) == 1; }

class Bench {
  public:
    Bench(int argc, char** argv)
        : hidden_(std::atoi(argv[1])), layers_(std::atoi(argv[2])), classes_(std::atoi(argv[3])),
          lanes_(std::atoi(argv[4])), watchdog_(std::strtoull(argv[5], nullptr, 10)) {
#if VM_TRACE
        if (argc > 6) {
            context_->traceEverOn(true);
            wave_ = std::make_unique<VerilatedVcdC>();
            design_->trace(wave_.get(), 99);
            wave_->open(argv[6]);
        }
#else
        (void)argc;
#endif
    }

    bool image(const std::vector<uint32_t>& events) {
        uint32_t steps = 0;
        for (uint32_t event : events) steps += (event & KIND_MASK) == END_OF_STEP;
        const uint64_t start = cycles_;
        if (!feed(events, [&] { return design_->steps_done == steps; })) return false;
        const uint64_t spent = cycles_ - start;
        put(RESULT);
        put(static_cast<uint32_t>(spent));
        // The output layer tells of the last step one clock before the counters stand.
        settle(8);
        put(design_->active_cycles);
        put(design_->steps_done);
        for (int c = 0; c < classes_; ++c) {
            design_->readout_group = c / lanes_;
            design_->readout_lane = c % lanes_;
            tick();
            put(design_->readout_data);
        }
        for (int l = 0; l < layers_; ++l) {
            put(word(design_->spikes_in, l));
            put(word(design_->spikes_out, l));
            put(word(design_->busy_cycles, l));
            put(word(design_->stalled_cycles, l));
        }
        const uint32_t clears = (design_->clears_done + 1) & 0xff;
        return feed({CLEAR}, [&] { return design_->clears_done == clears; });
    }

    ~Bench() {
#if VM_TRACE
        if (wave_) wave_->close();
#endif
        design_->final();
    }

  private:
    template <typename Done> bool feed(const std::vector<uint32_t>& events, Done done) {
        std::size_t next = 0;
        uint64_t waited = 0;
        while (!(next == events.size() && done())) {
            design_->event_valid = next < events.size();
            if (next < events.size()) design_->event_data = events[next];
            design_->eval();
            const bool taken = design_->event_valid && design_->event_ready;
            for (int l = 0; l < hidden_; ++l) {
                if (word(design_->tap_valid, l / 32) >> (l % 32) & 1) {
                    put(TAP);
                    put(l);
                    put(word(design_->tap_data, l));
                    waited = 0;
                }
            }
            tick();
            next += taken;
            waited = taken ? 0 : waited + 1;
            if (waited > watchdog_) {
                put(HUNG);
                put(static_cast<uint32_t>(cycles_));
                return false;
            }
        }
        design_->event_valid = 0;
        return true;
    }

    void settle(int clocks) {
        for (int i = 0; i < clocks; ++i) tick();
    }

    void tick() {
        design_->clock = 0;
        design_->eval();
        dump();
        design_->clock = 1;
        design_->eval();
        dump();
        ++cycles_;
    }

    void dump() {
#if VM_TRACE
        if (wave_) wave_->dump(time_++);
#endif
    }

    std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
    std::unique_ptr<Vdesign> design_ = std::make_unique<Vdesign>(context_.get());
#if VM_TRACE
    std::unique_ptr<VerilatedVcdC> wave_;
    uint64_t time_ = 0;
#endif
    int hidden_, layers_, classes_, lanes_;
    uint64_t watchdog_;
    uint64_t cycles_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 6) return 2;
    Bench bench(argc, argv);
    uint32_t count;
    while (get(count)) {
        std::vector<uint32_t> events(count);
        for (uint32_t& event : events)
            if (!get(event)) return 2;
        if (!bench.image(events)) break;
        std::fflush(stdout);
    }
    return std::fflush(stdout) == 0 ? 0 : 2;
}
