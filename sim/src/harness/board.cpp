// Harness of the virtual board: the UART pins are standard input and output.
//
// Arguments: cycles per UART bit, idle level of the pin that shows activity, cycles of silence after which the design counts
// as idle, cycles from power-up until the design listens to the line. The macro ACTIVE names the pin that shows activity, if
// there is one.
//
// Bytes from standard input go to the design's receiver bit by bit, back to back. Bits that the design sends are sampled, and
// their bytes written to standard output. The clock runs as fast as it can, and stands still while the design is idle.
#include "Vdesign.h"
#include "verilated.h"
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <poll.h>
#include <unistd.h>

namespace {

// File of the design's bytes. Messages of a model ($fatal) go to standard output, and must not come between bytes.
int output = -1;

class Board {
  public:
    Board(int cycles_per_bit, bool idle_level, uint64_t most_idle_cycles)
        : cycles_per_bit_(cycles_per_bit), idle_level_(idle_level), most_idle_cycles_(most_idle_cycles) {
        design_->rx = 1;
    }

    // Runs until standard input ends.
    int run(uint64_t settling) {
        for (uint64_t i = 0; i < settling; ++i) tick();
        for (;;) {
            const bool idle = idle_cycles_ > most_idle_cycles_;
            if (incoming_.empty() && bits_left_ == 0 && !fill(idle ? -1 : 0)) return 0;
            for (int i = 0; i < 256; ++i) tick();
        }
    }

  private:
    // Reads the bytes that have come, and waits up to `timeout` milliseconds for one; returns false at the end of input.
    bool fill(int timeout) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        const int ready = poll(&input, 1, timeout);
        if (ready < 0) return errno == EINTR;
        if (ready == 0) return true;
        uint8_t bytes[512];
        const ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
        if (count <= 0) return count < 0 && (errno == EINTR || errno == EAGAIN);
        incoming_.insert(incoming_.end(), bytes, bytes + count);
        idle_cycles_ = 0;
        return true;
    }

    void tick() {
        receive_bit();
        design_->clock = 0;
        design_->eval();
        design_->clock = 1;
        design_->eval();
        transmit_bit();
        const bool quiet = bits_left_ == 0 && incoming_.empty() && sending_ == 0 && !is_active();
        idle_cycles_ = quiet ? idle_cycles_ + 1 : 0;
    }

    bool is_active() const {
#ifdef ACTIVE
        return design_->ACTIVE != idle_level_;
#else
        return false;
#endif
    }

    // From host to board: puts the next bit on the line.
    void receive_bit() {
        if (bits_left_ == 0) {
            design_->rx = 1;
            if (incoming_.empty()) return;
            frame_ = 0x200u | static_cast<uint32_t>(incoming_.front()) << 1;
            incoming_.pop_front();
            bits_left_ = 10;
            receive_cycle_ = 0;
        }
        design_->rx = frame_ & 1;
        if (++receive_cycle_ == cycles_per_bit_) {
            receive_cycle_ = 0;
            frame_ >>= 1;
            --bits_left_;
        }
    }

    // From board to host: samples the middle of each bit.
    void transmit_bit() {
        const bool line = design_->tx;
        if (sending_ == 0) {
            if (!line) {
                sending_ = 1;
                transmit_cycle_ = cycles_per_bit_ / 2;
                byte_ = 0;
            }
            return;
        }
        if (--transmit_cycle_ > 0) return;
        transmit_cycle_ = cycles_per_bit_;
        if (sending_ >= 2 && sending_ <= 9) byte_ |= static_cast<uint8_t>(line) << (sending_ - 2);
        if (++sending_ == 11) {
            sending_ = 0;
            for (;;) {
                const ssize_t written = write(output, &byte_, 1);
                if (written == 1) return;
                if (written < 0 && errno != EINTR && errno != EAGAIN) std::exit(0);
            }
        }
    }

    std::unique_ptr<VerilatedContext> context_ = std::make_unique<VerilatedContext>();
    std::unique_ptr<Vdesign> design_ = std::make_unique<Vdesign>(context_.get());
    const int cycles_per_bit_;
    const bool idle_level_;
    // Cycles without a bit in either direction after which the simulation sleeps until a byte comes. The design's own watchdog
    // takes longer, but then the accelerator is active, and its LED shows it.
    const uint64_t most_idle_cycles_;
    std::deque<uint8_t> incoming_;
    uint32_t frame_ = 0;
    int bits_left_ = 0, receive_cycle_ = 0;
    int sending_ = 0, transmit_cycle_ = 0;
    uint8_t byte_ = 0;
    uint64_t idle_cycles_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) return 2;
    output = dup(STDOUT_FILENO);
    if (output < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) return 2;
    Board board(std::atoi(argv[1]), std::atoi(argv[2]) != 0, std::strtoull(argv[3], nullptr, 10));
    return board.run(std::strtoull(argv[4], nullptr, 10));
}
