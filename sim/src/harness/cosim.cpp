// Drives the accelerator's core with events and records what it does.
//
// Arguments: hidden layers, layers, classes, lanes of the output layer, watchdog in clocks [, waveform file].
// Standard input, in 32-bit words of this machine: requests that start with a tag.
//   IMAGE   number of events, events
//   LOAD    memory, bytes of a word, words, then each byte
//   EXITS   1 where inferences may exit early
// Standard output, likewise: records that start with a tag.
//   TAP     layer, event
//   RESULT  cycles, active cycles, steps, potentials[classes], then per layer spikes in, spikes out, busy and
//           stalled cycles
//   CLEARED
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

enum Request : uint32_t { IMAGE = 1, LOAD = 2, EXITS = 3 };
enum Tag : uint32_t { TAP = 1, RESULT = 2, HUNG = 3, CLEARED = 4 };
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
        design_->load_select = 0;
        design_->load_byte = 0;
        design_->load_shift = 0;
        design_->load_write = 0;
        design_->load_address = 0;
        design_->exit_enable = 0;
    }

    void exits(bool enable) { design_->exit_enable = enable; }

    // A word's bytes, the lowest first, then its write: as the command processor does it.
    void load(uint32_t memory, uint32_t address, const std::vector<uint32_t>& bytes) {
        design_->load_select = memory;
        design_->load_shift = 1;
        for (uint32_t byte : bytes) {
            design_->load_byte = byte;
            tick();
        }
        design_->load_shift = 0;
        design_->load_write = 1;
        design_->load_address = address;
        tick();
        design_->load_write = 0;
    }

    bool image(const std::vector<uint32_t>& events) {
        uint32_t steps = 0;
        for (uint32_t event : events) steps += (event & KIND_MASK) == END_OF_STEP;
        const uint64_t start = cycles_;
        if (!feed(events, [&] { return design_->steps_done == steps && !design_->exit_busy; })) return false;
        const uint64_t spent = cycles_ - start;
        // The output layer tells of the last step one clock before the counters stand.
        settle(8);
        const uint32_t active = design_->active_cycles;
        std::vector<uint32_t> potentials(classes_);
        for (int c = 0; c < classes_; ++c) {
            design_->readout_group = c / lanes_;
            design_->readout_lane = c % lanes_;
            tick();
            potentials[c] = design_->readout_data;
        }
        put(RESULT);
        put(static_cast<uint32_t>(spent));
        put(active);
        put(design_->steps_done);
        for (uint32_t potential : potentials) put(potential);
        for (int l = 0; l < layers_; ++l) {
            put(word(design_->spikes_in, l));
            put(word(design_->spikes_out, l));
            put(word(design_->busy_cycles, l));
            put(word(design_->stalled_cycles, l));
        }
        const uint32_t clears = (design_->clears_done + 1) & 0xff;
        if (!feed({CLEAR}, [&] { return design_->clears_done == clears; })) return false;
        put(CLEARED);
        return true;
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
        // An inference that has exited takes no more of its events; its clear ends that.
        const auto exited = [&] { return design_->exited && !(events.size() == 1 && events[0] == CLEAR); };
        while (!(next == events.size() && done()) && !exited()) {
            design_->event_valid = next < events.size();
            if (next < events.size()) design_->event_data = events[next];
            design_->eval();
            const bool taken = design_->event_valid && design_->event_ready;
            const bool tapped = tick();
            next += taken;
            waited = taken || tapped ? 0 : waited + 1;
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

    // True if a layer emitted an event. Where an inference has exited, layers do so while its result is read.
    bool tick() {
        design_->clock = 0;
        design_->eval();
        dump();
        bool tapped = false;
        for (int l = 0; l < hidden_; ++l) {
            if (word(design_->tap_valid, l / 32) >> (l % 32) & 1) {
                put(TAP);
                put(l);
                put(word(design_->tap_data, l));
                tapped = true;
            }
        }
        design_->clock = 1;
        design_->eval();
        dump();
        ++cycles_;
        return tapped;
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
    uint32_t request;
    while (get(request)) {
        uint32_t enable, count, memory, bytes, words;
        switch (request) {
        case IMAGE: {
            if (!get(count)) return 2;
            std::vector<uint32_t> events(count);
            for (uint32_t& event : events)
                if (!get(event)) return 2;
            const bool done = bench.image(events);
            std::fflush(stdout);
            if (!done) return 0;
            break;
        }
        case LOAD: {
            if (!get(memory) || !get(bytes) || !get(words)) return 2;
            std::vector<uint32_t> word(bytes);
            for (uint32_t address = 0; address < words; ++address) {
                for (uint32_t& byte : word)
                    if (!get(byte)) return 2;
                bench.load(memory, address, word);
            }
            break;
        }
        case EXITS:
            if (!get(enable)) return 2;
            bench.exits(enable != 0);
            break;
        default:
            return 2;
        }
    }
    return std::fflush(stdout) == 0 ? 0 : 2;
}
