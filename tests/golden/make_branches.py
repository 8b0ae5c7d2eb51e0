#!/usr/bin/env python3
"""Ten steps of models with branches, and of AdamW, as PyTorch does them.

    for case in v2 adv adamw; do
        python3 tests/golden/make_branches.py $case >tests/golden/$case.txt
    done

As make_v3.py, with fewer of the weights; also `rate STEP VALUE`, the learning
rate of each step.

    v2     configs/v2.yaml
    adv    configs/adv.yaml for three machines, 1 in weight and lambda .5
    adamw  v3 with AdamW 1e-3 / 1e-2, the gradient's norm clipped at 1, three
           epochs of warm-up, then a cosine to 1e-5 at epoch 10
"""
import sys

from make_v3 import BATCH, STEPS, mlp, nn, torch, uniform

STRIDE, MACHINES, LAMBDA = 997, 3, .5


class Reverse(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.view_as(x)

    @staticmethod
    def backward(ctx, grad):
        return -LAMBDA * grad


class Model(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.case = case
        self.enc = nn.Sequential(*mlp([100, 512, 128, 64]))
        if case == "v2":
            self.aux = nn.Sequential(*mlp([64, 128, 512, 100]))
        if case == "adv":
            self.aux = nn.Sequential(*mlp([64, 128, MACHINES]))
        self.head = nn.Sequential(*mlp([64, 128, 64, 1]))

    def loss(self, x, y, machine):
        z = self.enc(x)
        loss = nn.functional.mse_loss(self.head(z), y)
        if self.case == "v2":
            loss = loss + .01 * nn.functional.mse_loss(self.aux(z), x)
        if self.case == "adv":
            loss = loss + nn.functional.cross_entropy(
                self.aux(Reverse.apply(z)), machine)
        return loss


def optimiser(case, model):
    sched = torch.optim.lr_scheduler
    if case != "adamw":
        adam = torch.optim.Adam(model.parameters(), lr=5e-4, weight_decay=3e-4)
        return adam, sched.LambdaLR(adam, lambda epoch: 1)
    adam = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1e-2)
    return adam, sched.SequentialLR(adam, [
        sched.LinearLR(adam, 1 / 3, 1, 2),
        sched.CosineAnnealingLR(adam, STEPS - 3, 1e-5)], [3])


def main():
    case = sys.argv[1]
    model = Model(case)
    with torch.no_grad():
        for i, p in enumerate(model.parameters()):
            draw = (uniform(1000 + i, p.numel()) - 0.5) / 4
            p.copy_(torch.from_numpy(draw).float().view_as(p))
    adam, schedule = optimiser(case, model)
    machine = torch.arange(BATCH) % MACHINES
    for step in range(STEPS):
        rows = uniform(2 * step, BATCH * 100).reshape(BATCH, 25, 4)
        x = torch.from_numpy(rows.transpose(0, 2, 1).reshape(BATCH, 100).copy())
        y = torch.from_numpy(uniform(2 * step + 1, BATCH)).view(-1, 1)
        adam.zero_grad()
        loss = model.loss(x, y, machine)
        loss.backward()
        if case == "adamw":
            norm = nn.utils.clip_grad_norm_(model.parameters(), 1)
            print(f"step {step}: gradient's norm {norm:.3g}", file=sys.stderr)
        print(f"loss {step} {loss.item():.9g}")
        print(f"rate {step} {adam.param_groups[0]['lr']:.12g}")
        adam.step()
        schedule.step()
    for i, p in enumerate(model.parameters()):
        flat = p.detach().flatten()
        for j in range(0, len(flat), STRIDE):
            print(f"weight {i} {j} {flat[j].item():.9g}")


if __name__ == "__main__":
    main()
