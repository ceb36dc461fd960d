# The switch is pulled and the terminal cools: made safe, but unproven until it carries its load again
start 14:00
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
203房 temperature every 10s: 82 x 60, 30 x 360, 44 x 240
203房 current     every 10s: 32 x 60, 0 x 360, 30 x 240
at 2m   Bolat replies "1"
at 20m  Bolat says repaired, cause loose_terminal, action "tightened to 3 Nm"
at 60m  Bolat closes
at 105m Bolat closes
expect at 2m        case taken, Bolat
expect by 11m       case made_safe
expect none before 95m  case proven
expect none before 100m  case closed
expect by 101m      case proven
expect at 105m      case closed
expect by 106m      notice sms to Ailin, "解除"
